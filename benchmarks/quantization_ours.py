"""persopt's contestants in the quantization benchmark: what `persopt.quantize` makes, run as `persopt.load` runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks.quantization_peers import Call, Inputs, Peer

__all__ = ("OURS",)


def _make(options: dict[str, Any], checkpoint: Path, folder: Path, _: Callable[[], Iterator[Inputs]]) -> None:
    import persopt

    persopt.quantize(
        checkpoint,
        folder / "model",
        data=folder.parent / "data",
        home=folder.parent / "home",
        measure_latency=False,
        measure_memory=False,
        rank_layers=False,
        **options,
    )


def _load(checkpoint: Path, folder: Path, threads: int) -> Call:  # noqa: ARG001
    import persopt

    model = persopt.load(folder / "model", threads=threads)
    return lambda inputs: model.run(inputs)["logits"]


def _contestant(**options: Any) -> Peer:
    weights = ("model/*.safetensors", "model/*.onnx", "model/*.onnx.data", "model/*.xml", "model/*.bin")
    return Peer(partial(_make, options), _load, weights)


OURS: Final[dict[str, Peer]] = {
    "persopt, torch, dynamic int8": _contestant(backend="torch", method="dynamic"),
    "persopt, torch, dynamic int8, compiled": _contestant(
        backend="torch", method="dynamic", backend_options={"compile": "auto"}
    ),
    "persopt, torch, dynamic int8, compiled whole": _contestant(
        backend="torch", method="dynamic", backend_options={"compile": "model"}
    ),
    "persopt, onnxruntime, dynamic int8": _contestant(backend="onnxruntime", method="dynamic"),
    "persopt, onnxruntime, static int8": _contestant(backend="onnxruntime", method="static"),
    "persopt, openvino, static int8": _contestant(backend="openvino", method="static"),
}
