"""The backend `openvino`: from a checkpoint to OpenVINO's IR, quantized by NNCF."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from persopt.plugins import (
    Artifact,
    QuantizationBackend,
    QuantizationRequest,
    Runner,
    Supported,
    Unsupported,
    hookimpl,
)
from persopt_openvino.options import OpenvinoOptions
from persopt_openvino.support import find_support

if TYPE_CHECKING:
    import numpy as np

__all__ = ("OpenvinoBackend",)

_FORMAT: Final = "openvino"


class OpenvinoBackend:
    """Post-training quantization and weight compression by NNCF, run by OpenVINO on the CPU."""

    name = "openvino"
    title = {"en": "OpenVINO", "fa": "اپن‌وینو"}
    options = OpenvinoOptions

    def supports(self, options: OpenvinoOptions, request: QuantizationRequest) -> Supported | Unsupported:
        """Tell whether the request can be done; looks at the request only."""
        return find_support(options, request)

    def quantize(
        self,
        options: OpenvinoOptions,
        request: QuantizationRequest,
        calibration: Iterable[Mapping[str, np.ndarray[Any, Any]]] | None,
    ) -> Artifact:
        """Write `openvino_model.xml` and `.bin`, which plain OpenVINO reads too.

        Raises:
            ModelError: if OpenVINO cannot convert the model, converts it wrongly, or data are missing.
        """
        from persopt_openvino.quantizing import quantize_checkpoint

        notes = quantize_checkpoint(options, request, calibration)
        return Artifact(path=str(Path(request.output)), format=_FORMAT, notes=tuple(notes))

    def runner(self, artifact: Artifact, device: str, threads: int) -> AbstractContextManager[Runner]:
        """Open an artifact on the CPU, all threads for one call at a time.

        Raises:
            ModelError: on entering, if a file is missing or damaged, or the device is another.
        """
        from persopt_openvino.running import open_runner

        return open_runner(artifact.path, device, threads)


@hookimpl
def persopt_quantization_backends() -> Iterable[QuantizationBackend[OpenvinoOptions]]:
    """Offer the backend."""
    yield OpenvinoBackend()
