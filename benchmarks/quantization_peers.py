"""The peers of quantization, each by its documentation's default recipe: how it makes its model, how it runs it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

__all__ = ("PEERS", "REFERENCE", "Call", "Peer", "calibration_batches", "folder_of")

REFERENCE: Final = "PyTorch, fp32, eager"
_CALIBRATION_ROWS: Final = 256
_OPSET: Final = 17

Inputs: TypeAlias = Mapping[str, Any]
Call: TypeAlias = Callable[[Inputs], Any]


class Peer(NamedTuple):
    """One contestant.

    Attributes:
        make: Writes its model into a folder: `make(checkpoint, folder, batches)`, where `batches` iterates over
            the calibration batches.
        load: Opens it: `load(checkpoint, folder, threads)` returns a call from inputs to logits.
        weights: Patterns of the files that are its weights.
    """

    make: Callable[[Path, Path, Callable[[], Iterator[Inputs]]], None]
    load: Callable[[Path, Path, int], Call]
    weights: tuple[str, ...]


def folder_of(name: str, out: Path) -> Path:
    """Return the folder of a contestant's model."""
    return out / name.replace(" ", "-").replace(",", "")


def calibration_batches(checkpoint: Path, data: Path, length: int) -> Iterator[Inputs]:
    """Give training texts one by one, tokenized."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    lines = (data / "train.jsonl").read_text("utf-8").splitlines()[:_CALIBRATION_ROWS]
    for line in lines:
        yield dict(tokenizer(json.loads(line)["text"], truncation=True, max_length=length, return_tensors="np"))


def _load_checkpoint(checkpoint: Path) -> Any:
    from transformers import AutoModelForSequenceClassification

    return AutoModelForSequenceClassification.from_pretrained(checkpoint).eval()


def _torch_call(model: Any) -> Call:
    import torch

    def call(inputs: Inputs) -> Any:
        with torch.inference_mode():
            return model(**{name: torch.from_numpy(value) for name, value in inputs.items()}).logits.numpy()

    return call


def _make_nothing(checkpoint: Path, folder: Path, _: Callable[[], Iterator[Inputs]]) -> None:
    for file in checkpoint.glob("*.safetensors"):
        shutil.copy(file, folder)


def _load_reference(checkpoint: Path, folder: Path, threads: int) -> Call:  # noqa: ARG001
    return _torch_call(_load_checkpoint(checkpoint))


def _make_torchao(checkpoint: Path, folder: Path, _: Callable[[], Iterator[Inputs]]) -> None:
    import torch

    torch.save(_quantize_torchao(checkpoint).state_dict(), folder / "model.pt")


def _quantize_torchao(checkpoint: Path) -> Any:
    from torchao.quantization import Int8DynamicActivationInt8WeightConfig, quantize_

    model = _load_checkpoint(checkpoint)
    quantize_(model, Int8DynamicActivationInt8WeightConfig())
    return model


def _load_torchao_eager(checkpoint: Path, folder: Path, threads: int) -> Call:  # noqa: ARG001
    return _torch_call(_quantize_torchao(checkpoint))


def _load_torchao_compiled(checkpoint: Path, folder: Path, threads: int) -> Call:  # noqa: ARG001
    import torch

    return _torch_call(torch.compile(_quantize_torchao(checkpoint)))


def _quantize_old_torch(checkpoint: Path) -> Any:
    """By `torch.ao.quantization`, which is announced for removal."""
    import torch

    model = _load_checkpoint(checkpoint)
    return torch.ao.quantization.quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8)  # type: ignore[no-untyped-call]


def _make_old_torch(checkpoint: Path, folder: Path, _: Callable[[], Iterator[Inputs]]) -> None:
    import torch

    torch.save(_quantize_old_torch(checkpoint).state_dict(), folder / "model.pt")


def _load_old_torch(checkpoint: Path, folder: Path, threads: int) -> Call:  # noqa: ARG001
    return _torch_call(_quantize_old_torch(checkpoint))


def _export(checkpoint: Path, file: Path) -> list[str]:
    """Write the checkpoint as ONNX by PyTorch's exporter and return the names of its inputs."""
    import inspect

    import torch

    model = _load_checkpoint(checkpoint)
    takes = inspect.signature(model.forward).parameters
    names = [name for name in ("input_ids", "attention_mask", "token_type_ids") if name in takes]
    model.config.return_dict = False
    tokens = torch.ones(2, 8, dtype=torch.long)
    free = {name: {0: "batch", 1: "length"} for name in names}
    torch.onnx.export(
        model,
        tuple(tokens for _ in names),
        str(file),
        input_names=names,
        output_names=["logits"],
        dynamic_axes=free | {"logits": {0: "batch"}},
        opset_version=_OPSET,
        dynamo=False,
    )
    return names


def _preprocess(checkpoint: Path, folder: Path) -> tuple[Path, list[str]]:
    from onnxruntime.quantization.shape_inference import quant_pre_process

    names = _export(checkpoint, folder / "float.onnx")
    prepared = folder / "prepared.onnx"
    quant_pre_process(str(folder / "float.onnx"), str(prepared), skip_symbolic_shape=True)
    return prepared, names


def _make_ort_dynamic(checkpoint: Path, folder: Path, _: Callable[[], Iterator[Inputs]]) -> None:
    from onnxruntime.quantization import quantize_dynamic

    prepared, _names = _preprocess(checkpoint, folder)
    quantize_dynamic(str(prepared), str(folder / "model.onnx"))


def _make_ort_static(checkpoint: Path, folder: Path, batches: Callable[[], Iterator[Inputs]]) -> None:
    from onnxruntime.quantization import CalibrationDataReader, quantize_static

    prepared, names = _preprocess(checkpoint, folder)

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._batches = batches()

        def get_next(self) -> dict[str, Any] | None:
            found = next(self._batches, None)
            return None if found is None else {name: found[name] for name in names}

    quantize_static(str(prepared), str(folder / "model.onnx"), Reader())


def _load_ort(checkpoint: Path, folder: Path, threads: int) -> Call:  # noqa: ARG001
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
    names = {item.name for item in session.get_inputs()}
    return lambda inputs: session.run(["logits"], {name: inputs[name] for name in inputs if name in names})[0]


def _make_openvino(checkpoint: Path, folder: Path, batches: Callable[[], Iterator[Inputs]]) -> None:
    import nncf
    import openvino

    names = _export(checkpoint, folder / "float.onnx")
    model = openvino.convert_model(str(folder / "float.onnx"))
    data = nncf.Dataset([{name: one[name] for name in names} for one in batches()])
    quantized = nncf.quantize(model, data, model_type=nncf.ModelType.TRANSFORMER)
    openvino.save_model(quantized, str(folder / "model.xml"))


def _load_openvino(checkpoint: Path, folder: Path, threads: int) -> Call:  # noqa: ARG001
    import openvino

    core = openvino.Core()
    hints = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
    compiled = core.compile_model(str(folder / "model.xml"), "CPU", hints)
    names = {item.any_name for item in compiled.inputs}
    return lambda inputs: compiled({name: inputs[name] for name in inputs if name in names})[0]


PEERS: Final[dict[str, Peer]] = {
    REFERENCE: Peer(_make_nothing, _load_reference, ("*.safetensors",)),
    "torchao, dynamic int8, eager": Peer(_make_torchao, _load_torchao_eager, ("model.pt",)),
    "torchao, dynamic int8, compiled": Peer(_make_torchao, _load_torchao_compiled, ("model.pt",)),
    "torch.ao, dynamic int8": Peer(_make_old_torch, _load_old_torch, ("model.pt",)),
    "ONNX Runtime, dynamic int8": Peer(_make_ort_dynamic, _load_ort, ("model.onnx",)),
    "ONNX Runtime, static int8 (QDQ)": Peer(_make_ort_static, _load_ort, ("model.onnx",)),
    "OpenVINO with NNCF, static int8": Peer(_make_openvino, _load_openvino, ("model.xml", "model.bin")),
}
