"""What a finished compression gives back."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Struct

from persopt.domain.compare_reports import CompareReport
from persopt.domain.measurements import Estimate, LayerError
from persopt.domain.recipes import Recipe
from persopt.domain.saved_reports import SavedReport

__all__ = (
    "CandidateReport",
    "CandidateState",
    "CompressReport",
    "Confirmation",
    "LayerLoss",
    "OriginalReport",
    "Sensitivity",
    "StageTime",
)

CandidateState: TypeAlias = Literal["judged", "passed-over", "repeated", "failed", "stopped"]


class StageTime(Struct, frozen=True, kw_only=True, rename="camel"):
    """What a stage of a candidate took.

    Attributes:
        name: `trim`, `cut`, `train`, `quantize`, `time`, `judge-slice` or `judge`.
        seconds: Time that it took when it was done.
        cached: Whether it had been done before, for this or an earlier search.
    """

    name: str
    seconds: float
    cached: bool = False


class CandidateReport(Struct, frozen=True, kw_only=True, rename="camel"):
    """One recipe that was looked at.

    Attributes:
        number: Counts from 0.
        recipe: What is done.
        summary: The same in a line.
        state: `judged` on all validation rows; `passed-over` before that, for `reason`; `repeated` one of a lower
            number; `failed`; `stopped` when the time was over.
        reason: Why it is not judged.
        metrics: `drop` (points lost), `dropBound` (points lost at most, as sure as the spec
            wants to be), `latency` (milliseconds), `size` (bytes), `speedup`, and the task's metrics of
            its model; as far as they are known. Of a candidate that is passed over, `drop` is that before training.
        drop: Points lost on the validation rows, with the interval of the paired difference; None unless judged.
        one_shot_drop: Points lost on a slice of them before any training.
        speedup: Original by candidate, timed in turn.
        on_front: Whether no judged candidate is better in both drop and what is minimized.
        within: Whether it keeps every limit.
        stages: What was done for it and how long it took.
        model_path: Folder of its model in the cache of stages, where it lies until others need the room.
    """

    number: int
    recipe: Recipe
    summary: str
    state: CandidateState
    reason: str = ""
    metrics: dict[str, float] = {}
    drop: Estimate | None = None
    one_shot_drop: float | None = None
    speedup: Estimate | None = None
    on_front: bool = False
    within: bool = False
    stages: list[StageTime] = []
    model_path: str | None = None


class OriginalReport(Struct, frozen=True, kw_only=True, rename="camel"):
    """The model given, as every candidate is compared with it.

    Attributes:
        path: Its folder.
        latency: Median time of a call in milliseconds, PyTorch, float32.
        size: Bytes of its weights.
        quality: Metrics on the validation rows, each with its interval.
    """

    path: str
    latency: float
    size: int
    quality: dict[str, Estimate]


class LayerLoss(Struct, frozen=True, kw_only=True, rename="camel"):
    """By how much the loss on the calibration rows rises when this layer is left out."""

    number: int
    rise: float


class Sensitivity(Struct, frozen=True, kw_only=True, rename="camel"):
    """What the search began with; each from passes over the calibration rows.

    Attributes:
        layers: Layers of the stack by their number; empty where there are several stacks.
        removal: Layers in the order in which they are missed least, each with the rise of the loss when it and all that
            went in earlier rounds are left out; down to a third of the layers.
        parts: First-order estimate |w·g| of the loss's change, summed over `heads` and `feedForward` of all layers,
            as shares of their sum.
        quantized: Linear layers by the error that quantizing each alone adds, the worst first.
        seconds: Time that it took.
    """

    layers: list[LayerLoss] = []
    removal: list[LayerLoss] = []
    parts: dict[str, float] = {}
    quantized: list[LayerError] = []
    seconds: float = 0.0


class Confirmation(Struct, frozen=True, kw_only=True, rename="camel"):
    """The chosen model and the original on rows that the search never used.

    Attributes:
        rows: Number of rows.
        source: `test-split` of the data, or `held-out`: rows that were taken off the validation split first.
        original: Metrics of the original, each with its interval.
        model: Those of the chosen model.
        drop: Points lost, with the interval of the paired difference.
        met: Whether they are no more than was allowed.
    """

    rows: int
    source: Literal["test-split", "held-out"]
    original: dict[str, Estimate]
    model: dict[str, Estimate]
    drop: Estimate
    met: bool


class CompressReport(SavedReport, frozen=True, kw_only=True, rename="camel"):
    """Result of a compression.

    Attributes:
        met: Whether a recipe was found that keeps every limit on the validation rows.
        chosen: The best of those, or the nearest to the limits if there is none.
        metric: The one that the points are of.
        limits: What was asked for: `drop` (points), `size` (bytes), `latency` (milliseconds); that what is minimized
            is below the original's is one more.
        minimize: `latency` or `size`.
        original: The model given.
        candidates: All recipes that were looked at, by number.
        pareto: Numbers of those that no judged one beats in both drop and what is minimized.
        confirmation: Of the chosen one, on rows that were never used before.
        comparison: The chosen model against the original, measured whole; None if that could not be done.
        sensitivity: What the search began with.
        left_out: What is installed and did not take part, with the reason, by name.
        ended_by: `candidates`, `exhausted` (no recipe is left) or `budget`.
        format: Form of the delivered model: `onnx`, `openvino`, `safetensors`, ...
        model_path: Folder of the delivered model.
        rows: Rows of `train`, `validation` and `test` as they were used.
        artifacts: Absolute paths of the files made, by name: `candidates.csv`, `front.svg`.
        notes: What to know about the result, in plain words.
        seconds: Time that it took.
        environment: Versions, hardware, threads, hashes of model and data.
        job_id: The job, when it was one.
    """

    met: bool
    chosen: CandidateReport
    metric: str
    limits: dict[str, float]
    minimize: str
    original: OriginalReport
    candidates: list[CandidateReport]
    pareto: list[int]
    confirmation: Confirmation
    comparison: CompareReport | None
    sensitivity: Sensitivity
    left_out: dict[str, str]
    ended_by: Literal["candidates", "exhausted", "budget"]
    format: str
    model_path: str
    rows: dict[str, int]
    artifacts: dict[str, str]
    notes: list[str]
    seconds: float
    environment: dict[str, Any]
    job_id: str | None = None

    def shorten(self) -> CompressReport:
        """Return the report without what it tells of each stage and of each layer."""
        candidates = [msgspec.structs.replace(one, stages=[]) for one in self.candidates]
        comparison = None if self.comparison is None else self.comparison.shorten()
        sensitivity = msgspec.structs.replace(self.sensitivity, quantized=[])
        return msgspec.structs.replace(self, candidates=candidates, comparison=comparison, sensitivity=sensitivity)

    def _repr_html_(self) -> str:
        """Return a table of the Pareto front for notebooks."""
        heads = "".join(f"<th>{name}</th>" for name in ("#", "recipe", "points lost", self.minimize))
        rows = [
            f"<tr><td>{one.number}</td><td>{_escape(one.summary)}</td><td>{one.metrics['drop']:.2f}</td>"
            f"<td>{one.metrics[self.minimize]:,.4g}</td></tr>"
            for one in self.candidates
            if one.on_front
        ]
        return f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
