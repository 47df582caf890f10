"""Quantization backends: fewer bits, and something that runs the result."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from msgspec import Struct

from persopt.plugins.contracts.base import Contribution

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np

__all__ = ("Artifact", "QuantizationBackend", "QuantizationRequest", "Runner", "Supported", "Unsupported")

OptionsT_contra = TypeVar("OptionsT_contra", bound=Struct, contravariant=True)


class QuantizationRequest(Struct, frozen=True, kw_only=True):
    """What is asked for: the model's folder, where the artifact goes, the method and the numbers' form."""

    model: str
    output: str
    method: Literal["dynamic", "static", "qat"]
    bits: int
    symmetric: bool = True
    per_channel: bool = True


class Supported(Struct, frozen=True, tag="supported"):
    """The backend can do what is asked."""


class Unsupported(Struct, frozen=True, tag="unsupported"):
    """The backend cannot, why, and the nearest thing that it can."""

    reason: str
    instead: str = ""


class Artifact(Struct, frozen=True, kw_only=True):
    """A folder that `persopt.load` and the backend's runner open."""

    path: str
    format: str


class Runner(Protocol):
    """Runs an artifact."""

    def run(self, inputs: Mapping[str, np.ndarray[Any, Any]]) -> Mapping[str, np.ndarray[Any, Any]]:
        """Return the outputs by name for a batch of inputs by name."""
        ...


class QuantizationBackend(Contribution, Protocol[OptionsT_contra]):
    """Quantizes a checkpoint and runs the result."""

    def supports(self, options: OptionsT_contra, request: QuantizationRequest) -> Supported | Unsupported:
        """Tell, before anything is run, whether the request can be done here."""
        ...

    def quantize(
        self,
        options: OptionsT_contra,
        request: QuantizationRequest,
        calibration: Iterable[Mapping[str, np.ndarray[Any, Any]]] | None,
    ) -> Artifact:
        """Write the artifact and return where it is."""
        ...

    def runner(self, artifact: Artifact, device: str, threads: int) -> AbstractContextManager[Runner]:
        """Open an artifact for running."""
        ...
