"""The export of a model: its graphs written into a new folder, and checked there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from persopt.domain.exports import OnnxExport
from persopt.models.new_folder import make_new_folder
from persopt.models.onnx_export.cached import check_steps, make_cached_graph
from persopt.models.onnx_export.encoder_decoders import check_translation, make_encoder_decoder_graphs
from persopt.models.onnx_export.kinds import check_onnx, find_kind
from persopt.models.onnx_export.plain import check_shapes, make_plain_graph
from persopt.models.onnx_export.writing import evaluated, quiet_export, write_graph
from persopt.models.quiet import quiet_transformers

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from persopt.plugins.contracts.quantization import OnnxExporter

__all__ = ("export_onnx",)


def export_onnx(
    model: PreTrainedModel,
    folder: Path | str,
    *,
    exporter: OnnxExporter | None = None,
    cache: bool = False,
    tolerance: float = 1e-4,
) -> OnnxExport:
    """Write a model as ONNX into a new folder, and check it against PyTorch on inputs of several shapes.

    Batch and length stay free, the size of images is that of the configuration. Files, inputs and outputs have the
    names that Optimum gives them. The folder takes its name only after the check.

    - An encoder, a model of images and, without `cache`, a decoder: `model.onnx`, the logits of all positions.
    - A language model with `cache`: `model.onnx`, which takes `past_key_values.N.key` and `.value` (empty at first)
      and gives `present.N.key` and `.value`; checked step by step.
    - An encoder-decoder with a language model's head: `encoder_model.onnx`, `decoder_model.onnx` for the first tokens
      and `decoder_with_past_model.onnx` for all later ones; checked step by step too.

    Args:
        model: Float32, on the CPU; stays as it is.
        folder: New, or empty.
        exporter: PyTorch's `dynamo`, or `torchscript` (by tracing: quicker, and ONNX Runtime's optimizer fuses more of
            it); by default dynamo for a model without a cache, else torchscript.
        cache: Whether a decoder that writes takes a cache.
        tolerance: Largest difference allowed, times the largest output or 1, whichever is greater.

    Raises:
        ModelError: if the model is of another kind, the export fails, or an output differs by more.
        OutputError: if the folder holds something already, or cannot be written.
    """
    target = Path(folder).absolute()
    check_onnx(model, cache=cache)
    kind = find_kind(type(model), model.config, cache=cache)
    chosen = exporter or ("dynamo" if kind == "plain" else "torchscript")
    with make_new_folder(target) as part:
        with evaluated(model), quiet_transformers(), quiet_export():
            if kind == "plain":
                graphs = [make_plain_graph(model)]
            elif kind == "cached":
                graphs = [make_cached_graph(model)]
            else:
                graphs = make_encoder_decoder_graphs(model)
            for graph in graphs:
                write_graph(graph, part, chosen, type(model).__name__)
            check = {"plain": check_shapes, "cached": check_steps, "encoder-decoder": check_translation}[kind]
            checked = check(model, part, graphs, tolerance)
            model.config.save_pretrained(part)
            _save_generation(model, part, kind != "plain")
        size = sum(item.stat().st_size for item in part.iterdir())
    return OnnxExport(
        file=str(target / graphs[0].file),
        files=tuple(str(target / graph.file) for graph in graphs),
        inputs=tuple(graphs[0].examples),
        outputs=graphs[0].outputs,
        size=size,
        shapes=checked.shapes,
        largest_difference=checked.largest,
        exporter=chosen,
    )


def _save_generation(model: PreTrainedModel, folder: Path, writes: bool) -> None:
    settings: Any = getattr(model, "generation_config", None)
    if writes and settings is not None:
        settings.save_pretrained(folder)
