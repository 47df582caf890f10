"""From an exported graph to one whose operators ONNX Runtime is fast at, still in float32."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from persopt.domain.errors import ModelError
from persopt_onnxruntime.attention import fuse_attention
from persopt_onnxruntime.comparing import give_the_same
from persopt_onnxruntime.graphs import Graph
from persopt_onnxruntime.naming import name_modules

if TYPE_CHECKING:
    from onnx import ModelProto

__all__ = ("OPSET", "hide_slow_fusions", "load_fused")

OPSET: Final = 23
"""The version of ONNX's operators from which attention is one of them."""

_BIGGEST: Final = 1_800_000_000  # bytes; a protobuf holds at most 2 GiB


def load_fused(file: str, *, fuse: bool = True) -> tuple[ModelProto, dict[str, str], list[str]]:
    """Read an ONNX model; fold what is constant and make each attention one operator, unless it is not to be fused.

    Layer normalization comes as one operator from the exporters, and GELU becomes one when the model is opened.

    Returns:
        The model, the module's name by that of a node or of what it makes, and what to tell.

    Raises:
        ModelError: if the graph is not one that ONNX's tools can read.
    """
    import onnx
    import onnx.version_converter

    model = onnx.load(file)
    modules = name_modules(model)
    if not fuse:
        return model, modules, ["nothing was fused: the graph is as it was exported"]
    if model.ByteSize() > _BIGGEST:
        return model, modules, ["nothing was fused: the graph is too large for the tools that do it (2 GB)"]
    try:
        if next(item.version for item in model.opset_import if not item.domain) < OPSET:
            model = onnx.version_converter.convert_version(model, OPSET)
        folded = _fold(model)
    except Exception as error:
        message = " ".join(str(error).split())[:300]
        raise ModelError(f"the ONNX graph cannot be fused: {message}", hint="use the option fuse=false") from error
    fused = type(folded)()
    fused.CopyFrom(folded)
    count = fuse_attention(fused)
    if count and not give_the_same(folded, fused):
        return folded, modules, ["attention was left as it is: made one operator, it gave other outputs"]
    return fused, modules, _describe(count, fused)


def hide_slow_fusions(model: ModelProto) -> None:
    """Keep ONNX Runtime from fusing what gets slower by it, in place.

    Its SkipLayerNormalization and BiasGelu take longer on a CPU than a sum and what comes after it. Both begin with
    `Add`; `Sum` adds as fast and is no part of any fusion.
    """
    graph = Graph(model)
    for node in graph.nodes:
        followers = {taker.op_type for taker in graph.takers.get(node.output[0], [])}
        if node.op_type == "Add" and followers & {"LayerNormalization", "Gelu"}:
            node.op_type = "Sum"


def _describe(attentions: int, model: ModelProto) -> list[str]:
    left = sum(node.op_type == "Softmax" for node in model.graph.node)
    if left and not attentions:
        return ["attention was not recognised in the graph and runs operator by operator"]
    return [f"attention is one operator in {attentions} places" + (f", not in {left}" if left else "")]


def _fold(model: ModelProto) -> ModelProto:
    """Let ONNX Runtime compute what is constant and drop what does nothing."""
    import onnx
    import onnxruntime

    with tempfile.TemporaryDirectory(prefix="persopt-onnxruntime-") as folder:
        source, target = Path(folder) / "source.onnx", Path(folder) / "folded.onnx"
        onnx.save(model, source)
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(target)
        options.log_severity_level, options.intra_op_num_threads = 3, 1
        onnxruntime.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])
        folded = onnx.load(target)
    used = {node.domain for node in folded.graph.node} | {""}
    versions = [item for item in folded.opset_import if item.domain in used]
    del folded.opset_import[:]
    folded.opset_import.extend(versions)
    return folded
