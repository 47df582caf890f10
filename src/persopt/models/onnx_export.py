"""Export to ONNX with dynamic batch and length, checked against PyTorch's outputs."""

from __future__ import annotations

import inspect
import logging
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from persopt.domain.errors import ModelError, OutputError
from persopt.domain.exports import OnnxExport
from persopt.models.quiet import quiet_transformers

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

__all__ = ("OnnxExport", "check_exportable", "check_onnx", "export_onnx")

FILE: Final = "model.onnx"
_FILE_LIMIT: Final = 1_800_000_000  # a protobuf holds at most 2 GiB; bigger weights lie beside it
_LONGEST: Final = 33  # tokens of the longest input tried


def export_onnx(model: PreTrainedModel, folder: Path | str, *, tolerance: float = 1e-4) -> OnnxExport:
    """Write a model as ONNX into a new folder, and check it against PyTorch on inputs of several shapes.

    Batch and length stay free, the size of images is that of the configuration. A decoder gives the logits of
    all positions, without a cache. The folder takes its name only after the check.

    Args:
        model: An encoder or decoder of text with any head, or a model of images; float32, on the CPU.
        folder: New, or empty.
        tolerance: Largest difference allowed, times the largest output or 1, whichever is greater.

    Raises:
        ModelError: if the model is of another kind, the export fails, or an output differs by more.
        OutputError: if the folder holds something already, or cannot be written.
    """
    target = Path(folder).absolute()
    check_onnx(model)
    if target.is_file() or (target.is_dir() and any(target.iterdir())):
        raise OutputError(f"{target} is not empty; give a folder that is new or empty")
    part: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent))
        part.chmod(0o755)
        with _evaluated(model), quiet_transformers(), _quiet_export():
            inputs, outputs = _write(model, part / FILE)
            shapes, difference = _compare(model, part / FILE, outputs, tolerance)
            model.config.save_pretrained(part)
        size = sum(item.stat().st_size for item in part.iterdir())
        part.rename(target)
    except OSError as error:
        raise OutputError(f"the ONNX model cannot be written to {target}: {error}") from error
    finally:
        if part is not None:
            shutil.rmtree(part, ignore_errors=True)
    return OnnxExport(
        file=str(target / FILE),
        inputs=inputs,
        outputs=outputs,
        size=size,
        shapes=shapes,
        largest_difference=difference,
    )


def check_exportable(model_class: type[PreTrainedModel], config: Any) -> None:
    """Look whether models of a class can be exported, before one is loaded.

    Raises:
        ModelError: if not, with what can be done instead.
    """
    name, takes = model_class.__name__, inspect.signature(model_class.forward).parameters
    if config.is_encoder_decoder:
        raise ModelError(
            f"{name} is an encoder-decoder, which is not exported to ONNX",
            hint="export its encoder alone, such as T5EncoderModel, or keep the safetensors checkpoint",
        )
    if "pixel_values" not in takes and "input_ids" not in takes:
        raise ModelError(f"{name} takes neither tokens nor images; only those are exported to ONNX")


def check_onnx(model: PreTrainedModel) -> None:
    """Look whether a model is of a kind that `export_onnx` takes.

    Raises:
        ModelError: if it is not, with what can be done instead.
    """
    check_exportable(type(model), model.config)
    name = type(model).__name__
    kinds = {str(parameter.dtype).removeprefix("torch.") for parameter in model.parameters()}
    if kinds != {"float32"}:
        raise ModelError(f"{name} is {', '.join(sorted(kinds))}; ONNX export takes float32", hint="use model.float()")
    places = {parameter.device.type for parameter in model.parameters()}
    if places != {"cpu"}:
        raise ModelError(f"{name} is on {', '.join(sorted(places))}; ONNX export takes a model on the CPU")


def _write(model: PreTrainedModel, file: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    import torch

    examples = _inputs(model, 2, 7)
    names = tuple(examples)
    try:
        outputs = tuple(_run(model, examples))
    except (RuntimeError, ValueError) as error:  # such as a decoder that classifies and has no padding token
        raise ModelError(f"{type(model).__name__} does not run: {str(error).strip().splitlines()[0]}") from error
    if not outputs:
        raise ModelError(f"{type(model).__name__} gives no tensor that could be exported")

    class Exported(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *values: Tensor) -> tuple[Tensor, ...]:
            return tuple(_run(self.model, dict(zip(names, values, strict=True)))[name] for name in outputs)

    batch = torch.export.Dim("batch")
    length = torch.export.Dim("length", max=_longest(model))
    free = tuple({0: batch} if name == "pixel_values" else {0: batch, 1: length} for name in names)
    size = sum(parameter.numel() * parameter.element_size() for parameter in model.parameters())
    try:
        torch.onnx.export(
            Exported().eval(),
            tuple(examples.values()),
            str(file),
            input_names=list(names),
            output_names=list(outputs),
            dynamic_shapes=(free,),
            dynamo=True,
            external_data=size > _FILE_LIMIT,
            verbose=False,
        )
    except (torch.onnx.OnnxExporterError, RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ModelError(f"{type(model).__name__} cannot be exported to ONNX: {reason}") from error
    return names, outputs


def _compare(
    model: PreTrainedModel, file: Path, outputs: Sequence[str], tolerance: float
) -> tuple[tuple[tuple[int, ...], ...], float]:
    """Run the file and the model on the same inputs, and return their shapes and the largest difference."""
    import onnxruntime
    import torch

    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    shapes, largest = [], 0.0
    for batch, length in ((1, 1), (2, 5), (3, min(_LONGEST, _longest(model)))):
        inputs = _inputs(model, batch, length)
        expected = _run(model, inputs)
        values = session.run(list(outputs), {name: value.numpy() for name, value in inputs.items()})
        shapes.append(tuple(next(iter(inputs.values())).shape))
        for name, value in zip(outputs, values, strict=True):
            found, truth = torch.from_numpy(value), expected[name]
            if found.shape != truth.shape:
                raise ModelError(
                    f"ONNX gives {name} of shape {tuple(found.shape)} where PyTorch gives {tuple(truth.shape)}"
                )
            difference = float((found - truth).abs().max())
            if not difference <= tolerance * max(1.0, float(truth.abs().max())):
                raise ModelError(
                    f"ONNX gives other {name} than PyTorch for inputs of shape {shapes[-1]}: they differ by up to "
                    f"{difference:.3g}, the tolerance is {tolerance:g}"
                )
            largest = max(largest, difference)
    return tuple(shapes), largest


def _run(model: PreTrainedModel, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    import torch

    settings = {"use_cache": False} if "use_cache" in inspect.signature(model.forward).parameters else {}
    with torch.no_grad():
        output = model(**inputs, **settings, return_dict=True)
    return {name: value for name, value in output.items() if isinstance(value, torch.Tensor)}


def _inputs(model: PreTrainedModel, batch: int, length: int) -> dict[str, Tensor]:
    """Return random inputs, always the same; all rows but the last end in padding."""
    import torch

    config: Any = model.config
    takes = inspect.signature(model.forward).parameters
    chance = torch.Generator().manual_seed(batch * 1000 + length)
    if "pixel_values" in takes:
        size = config.image_size if isinstance(config.image_size, (tuple, list)) else (config.image_size,) * 2
        return {"pixel_values": torch.randn(batch, config.num_channels, *size, generator=chance)}
    tokens = torch.randint(config.vocab_size, (batch, length), generator=chance)
    mask = torch.ones_like(tokens)
    padding = getattr(config, "pad_token_id", None)
    if padding is not None:
        tokens[tokens == padding] = (padding + 1) % config.vocab_size
    for row in range(batch - 1):
        mask[row, length // 2 + 1 :] = 0
        tokens[row, length // 2 + 1 :] = tokens[row, 0] if padding is None else padding
    inputs = {"input_ids": tokens, "attention_mask": mask}
    if "token_type_ids" in takes and getattr(config, "type_vocab_size", 0) > 1:
        inputs["token_type_ids"] = torch.randint(2, (batch, length), generator=chance)
    return inputs


def _longest(model: PreTrainedModel) -> int:
    config: Any = model.config
    positions = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None) or 512
    # RoBERTa counts positions from the padding id + 1; for all others this is only a little cautious.
    return max(2, int(positions) - (getattr(config, "pad_token_id", None) or 0) - 1)


@contextmanager
def _evaluated(model: PreTrainedModel) -> Iterator[None]:
    training = [module for module in model.modules() if module.training]
    for module in training:
        module.training = False
    try:
        yield
    finally:
        for module in training:
            module.training = True


@contextmanager
def _quiet_export() -> Iterator[None]:
    """Silence what the exporter says of itself: unused names of axes, operators of torchvision, deprecations."""
    exporter = logging.getLogger("torch.onnx")
    level = exporter.level
    exporter.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        exporter.setLevel(level)
