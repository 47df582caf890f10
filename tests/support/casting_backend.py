"""Backends of quantization that need no engine: one casts the weights, the others fail in ways that a plugin may."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from persopt.plugins import hookimpl
from persopt.plugins.contracts.quantization import (
    Artifact,
    QuantizationBackend,
    QuantizationRequest,
    Runner,
    Supported,
    Unsupported,
)

__all__ = ("Casting", "CastingOptions")


class CastingOptions(Struct, frozen=True, kw_only=True):
    """Options of `Casting`: a factor that all weights are multiplied by."""

    factor: float = 1.0


class Casting:
    """Casts the weights to half precision, whatever is asked; its notes tell how many rows it was given."""

    title: Mapping[str, str] = {"en": "Casting", "fa": "تبدیل"}
    options = CastingOptions

    def __init__(self, name: str = "casting", factor: float = 1.0, *, fails: bool = False) -> None:
        self.name = name
        self._factor = factor
        self._fails = fails

    def supports(self, options: CastingOptions, request: QuantizationRequest) -> Supported | Unsupported:
        """Refuse 4 bits."""
        del options
        return Unsupported("it has no 4 bits", "bits=8") if request.bits == 4 else Supported()

    def quantize(
        self,
        options: CastingOptions,
        request: QuantizationRequest,
        calibration: Iterable[Mapping[str, Any]] | None,
    ) -> Artifact:
        """Write the checkpoint in float16."""
        import torch

        from persopt.models.quiet import quiet_transformers
        from persopt.models.whole import load_whole

        if self._fails:
            raise ZeroDivisionError("no luck")
        rows = None if calibration is None else sum(len(next(iter(batch.values()))) for batch in calibration)
        model, _ = load_whole(request.model, "float32")
        with torch.no_grad(), quiet_transformers():
            for parameter in model.parameters():
                parameter.mul_(options.factor * self._factor)
            half: Any = model
            half.to(torch.float16).save_pretrained(request.output)
        return Artifact(path=request.output, format="safetensors", notes=(f"rows: {rows}",))

    @contextlib.contextmanager
    def runner(self, artifact: Artifact, device: str, threads: int) -> Iterator[Runner]:
        """Run it in float32."""
        from persopt.models.torch_runner import open_torch_runner

        with open_torch_runner(artifact.path, device, threads, "float32") as runner:
            yield runner


@hookimpl
def persopt_quantization_backends() -> Iterable[QuantizationBackend[CastingOptions]]:
    """Offer one that works, one that raises, one whose outputs are NaN."""
    yield Casting()
    yield Casting("raising", fails=True)
    yield Casting("overflowing", float("inf"))
