"""Quantization with ONNX Runtime."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from persopt.domain.errors import ModelError
from persopt.plugins import (
    Artifact,
    OnnxForm,
    QuantizationBackend,
    QuantizationRequest,
    Runner,
    Supported,
    Unsupported,
    hookimpl,
)
from persopt_onnxruntime.options import OnnxRuntimeOptions
from persopt_onnxruntime.support import check_request

if TYPE_CHECKING:
    import numpy as np
    from onnx import ModelProto

__all__ = ("OnnxRuntime", "persopt_quantization_backends", "save")

_BIGGEST: Final = 1_800_000_000  # bytes; a protobuf holds at most 2 GiB, bigger weights lie beside it


class OnnxRuntime:
    """Fuses the ONNX graph, then quantizes its products and embeddings; runs it by `onnxruntime` alone."""

    name = "onnxruntime"
    title = {"en": "ONNX Runtime", "fa": "ONNX Runtime"}
    options = OnnxRuntimeOptions

    @property
    def exporter(self) -> Literal["torchscript"]:
        """The faster exporter; attention is recognised in the graphs of both."""
        return "torchscript"

    @property
    def onnx_forms(self) -> frozenset[OnnxForm]:
        """Decoders with their cache, and encoder-decoders of three graphs."""
        return frozenset({"cached", "encoder-decoder"})

    def supports(
        self,
        options: OnnxRuntimeOptions,  # noqa: ARG002 - the contract's
        request: QuantizationRequest,
    ) -> Supported | Unsupported:
        """Tell whether the request can be done here."""
        return check_request(request)

    def quantize(
        self,
        options: OnnxRuntimeOptions,
        request: QuantizationRequest,
        calibration: Iterable[Mapping[str, np.ndarray[Any, Any]]] | None,
    ) -> Artifact:
        """Write each graph under its name, with `NAME.data` beside it if it is large.

        Raises:
            ModelError: if no graph is given or one cannot be read, nothing can be quantized, or a number does
                not fit into 16 bits.
            DataError: if calibration data are missing or do not fit, or the model gives values on them that are not
                finite.
        """
        from persopt_onnxruntime.conversion import convert
        from persopt_onnxruntime.running import FILE

        graphs = request.graphs or ({} if request.onnx is None else {FILE: request.onnx})
        if not graphs:
            raise ModelError("the model is not given as ONNX", hint="persopt makes it; request.onnx names the file")
        models, notes = convert(options, request, graphs, calibration)
        for name, model in models.items():
            save(model, Path(request.output), name)
        return Artifact(path=request.output, format="onnx", notes=tuple(notes))

    @contextmanager
    def runner(self, artifact: Artifact, device: str, threads: int) -> Iterator[Runner]:
        """Open an artifact for running.

        Raises:
            ModelError: if it cannot be opened, or not on this device.
        """
        from persopt_onnxruntime.running import open_runner

        yield open_runner(artifact.path, device, threads)


def save(model: ModelProto, folder: Path, name: str = "model.onnx", *, biggest: int = _BIGGEST) -> None:
    """Write a graph; of a model of more bytes the weights go to `NAME.data`."""
    import onnx

    large = model.ByteSize() > biggest
    onnx.save(
        model,
        folder / name,
        save_as_external_data=large,
        location=f"{name}.data" if large else None,
        all_tensors_to_one_file=True,
    )


@hookimpl
def persopt_quantization_backends() -> Iterable[QuantizationBackend[OnnxRuntimeOptions]]:
    """Offer the backend."""
    yield OnnxRuntime()
