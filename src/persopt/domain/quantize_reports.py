"""What a finished quantization gives back."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from persopt.domain.measurements import Estimate, LayerError, MemoryUse, OutputError, SpeedComparison
from persopt.domain.quantize_specs import QuantizeConfig
from persopt.domain.saved_reports import SavedReport

__all__ = ("BackendTried", "QuantizeQuality", "QuantizeReport")


class BackendTried(Struct, frozen=True, kw_only=True, rename="camel"):
    """A backend that `auto` looked at.

    Attributes:
        backend: Its name.
        latency: Milliseconds of a call, if it was tried: the geometric mean over the shapes of the medians.
        reason: Why it was not, or what went wrong.
    """

    backend: str
    latency: float | None = None
    reason: str = ""


class QuantizeQuality(Struct, frozen=True, kw_only=True, rename="camel"):
    """Metrics on the validation rows: the same names as in a tuning.

    Attributes:
        metric: The one that the task is about.
        before: Of the original, each with its interval.
        after: Of the result, likewise.
        change: Result less original on the same rows, with the interval of the paired difference.
        rows: Number of rows.
    """

    metric: str
    before: dict[str, Estimate]
    after: dict[str, Estimate]
    change: dict[str, Estimate]
    rows: int


class QuantizeReport(SavedReport, frozen=True, kw_only=True, rename="camel"):
    """Result of a quantization.

    Attributes:
        config: What was done, everything that was left open filled in.
        backend: Name of the backend.
        format: Form of the artifact: `onnx`, `openvino`, `safetensors`, ...
        model_path: Folder of the artifact.
        bytes_before: Size of the original's weight files on disk.
        bytes_after: Size of the artifact's weight files on disk.
        total_bytes: Size of everything in the artifact's folder.
        speed: Original and result timed in turn, one entry a shape; the original runs in PyTorch, eager, float32.
        memory_before: Of the original, in a fresh process.
        memory_after: Of the result.
        quality: On the evaluation data, if there were any.
        outputs: Difference of the outputs.
        layers: Layers by the error they add, the worst first.
        tried: What `auto` tried.
        notes: What to know about the result, in plain words.
        artifacts: Absolute paths of the files made, by name.
        seconds: Time that it took.
        environment: Versions, hardware, threads, hashes of model and data.
        job_id: The job, when it was one.
    """

    config: QuantizeConfig
    backend: str
    format: str
    model_path: str
    bytes_before: int
    bytes_after: int
    total_bytes: int
    speed: list[SpeedComparison]
    memory_before: MemoryUse | None
    memory_after: MemoryUse | None
    quality: QuantizeQuality | None
    outputs: OutputError | None
    layers: list[LayerError]
    tried: list[BackendTried]
    notes: list[str]
    artifacts: dict[str, str]
    seconds: float
    environment: dict[str, Any]
    job_id: str | None = None

    def shorten(self) -> QuantizeReport:
        """Return the report without what it tells of each layer."""
        return msgspec.structs.replace(self, layers=[])
