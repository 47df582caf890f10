"""From a request to the graphs: what is fused, quantized and left alone."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persopt.domain.errors import DataError, ModelError
from persopt.plugins import QuantizationRequest
from persopt_onnxruntime.blockwise import look_up_in_blocks, multiply_by_blocks
from persopt_onnxruntime.calibration import find_ranges, sum_squares
from persopt_onnxruntime.feeding import feed_graph
from persopt_onnxruntime.fusing import hide_slow_fusions, load_fused
from persopt_onnxruntime.graphs import MICROSOFT, Graph, require_operators
from persopt_onnxruntime.integers import multiply_dynamically, multiply_statically
from persopt_onnxruntime.linears import FEWEST_OUTPUTS, find_linears, find_tables
from persopt_onnxruntime.storage import store_integers, store_short_floats

if TYPE_CHECKING:
    import numpy as np
    from onnx import ModelProto

    from persopt_onnxruntime.linears import Linear
    from persopt_onnxruntime.options import OnnxRuntimeOptions

    Calibration = Iterable[Mapping[str, np.ndarray[Any, Any]]] | None

__all__ = ("convert",)


def convert(
    options: OnnxRuntimeOptions, request: QuantizationRequest, graphs: Mapping[str, str], calibration: Calibration
) -> tuple[dict[str, ModelProto], list[str]]:
    """Return the graphs as they are asked for, and what to tell of them.

    Args:
        options: The backend's.
        request: What is asked for.
        graphs: Paths of the float32 graphs, by name.
        calibration: Batches of the whole model.
    """
    models: dict[str, ModelProto] = {}
    told: dict[str, list[str]] = {}
    products = 0
    for name, file in graphs.items():
        batches = None if calibration is None else feed_graph(name, graphs, calibration, request.threads)
        models[name], told[name], count = _convert_graph(options, request, file, batches)
        products += count
    if request.bits < 16 and not products:  # noqa: PLR2004
        raise ModelError("there is no product in the graph that could be quantized", hint="look at `keep`")
    return models, _join_notes(told)


def _convert_graph(
    options: OnnxRuntimeOptions, request: QuantizationRequest, file: str, calibration: Calibration
) -> tuple[ModelProto, list[str], int]:
    """Return one graph, what to tell of it, and how many of its products are quantized."""
    model, modules, notes = load_fused(file, fuse=options.fuse)
    graph = Graph(model)
    products = 0
    if request.bits == 16:  # noqa: PLR2004
        store_short_floats(graph, request.float_type)
        notes.append(f"weights are stored in {request.float_type} and computed with in float32")
    elif request.bits < 16:  # noqa: PLR2004
        linears = list(find_linears(graph, modules, request.keep))
        tables = list(find_tables(graph, modules, request.keep)) if options.embeddings < 32 else []  # noqa: PLR2004
        if linears:
            notes += _multiply(options, request, calibration, graph, linears)
        look_up_in_blocks(graph, tables, options.embeddings, symmetric=request.symmetric)
        products = len(linears)
        notes.append(
            f"{products} products and {len(tables)} embeddings are quantized; layers of fewer than "
            f"{FEWEST_OUTPUTS} outputs stay in float32"
        )
    graph.finish()
    if options.fuse:
        hide_slow_fusions(model)
    if any(node.domain == MICROSOFT for node in model.graph.node):
        require_operators(model, MICROSOFT, 1)
    return model, notes, products


def _join_notes(told: Mapping[str, list[str]]) -> list[str]:
    """Return the notes of all graphs: what is true of all of them once, else with the file's name before it."""
    if len(told) == 1:
        return next(iter(told.values()))
    everywhere = [note for note in next(iter(told.values())) if all(note in notes for notes in told.values())]
    others = [f"{name}: {note}" for name, notes in told.items() for note in notes if note not in everywhere]
    return everywhere + others


def _multiply(
    options: OnnxRuntimeOptions,
    request: QuantizationRequest,
    calibration: Calibration,
    graph: Graph,
    linears: list[Linear],
) -> list[str]:
    values = list(dict.fromkeys(item.x for item in linears))
    if request.bits == 4:  # noqa: PLR2004
        hessians = None
        if request.rounding == "gptq":
            hessians = sum_squares(graph.model, values, _need(calibration, "GPTQ"), request)
        multiply_by_blocks(graph, linears, request, hessians)
        return _tell_four_bits(request)
    if request.method == "weight-only":
        store_integers(graph, linears, request)
        return ["weights are stored as integers and computed with in float32: smaller on the disk, not faster"]
    reduce_range = lacks_vnni() if options.reduce_range is None else options.reduce_range
    notes = ["weights have 7 bits, so that sums of products do not overflow on this processor"] if reduce_range else []
    if request.method == "dynamic":
        multiply_dynamically(graph, linears, request, reduce_range=reduce_range)
    else:
        ranges = find_ranges(graph.model, values, _need(calibration, request.method), request)
        multiply_statically(graph, linears, request, ranges, reduce_range=reduce_range)
    return notes


def _need(calibration: Calibration, what: str) -> Iterable[Mapping[str, np.ndarray[Any, Any]]]:
    if calibration is None:
        raise DataError(f"{what} needs calibration data, and there are none")
    return calibration


def _tell_four_bits(request: QuantizationRequest) -> list[str]:
    if request.method == "dynamic":
        return [f"activations are rounded to 8 bits by blocks of {request.group_size} of a row"]
    return ["activations stay in float32, so that calls are about as fast as in float32"]


def lacks_vnni() -> bool:
    """Tell whether this is an x86 whose sums of 8-bit products may overflow; known on Linux only."""
    if platform.machine().lower() not in {"x86_64", "amd64", "i686"}:
        return False
    try:
        flags = Path("/proc/cpuinfo").read_text("utf-8").split()
    except OSError:
        return False
    return not {"avx512_vnni", "avx_vnni"} & set(flags)
