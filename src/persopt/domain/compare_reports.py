"""What a finished comparison gives back."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct

from persopt.domain.compare_specs import CompareSpec
from persopt.domain.languages import Language
from persopt.domain.measurements import Estimate, MemoryUse, OutputError, SpeedMeasurement
from persopt.domain.programs import TaskName
from persopt.domain.saved_reports import SavedReport

__all__ = (
    "CompareReport",
    "ComparedModel",
    "ComparedSlice",
    "Discordance",
    "MetricChange",
    "ModelPair",
    "ShapeSpeedup",
)


class ComparedModel(Struct, frozen=True, kw_only=True, rename="camel"):
    """What was measured of one model.

    Attributes:
        label: What it is called; no other model of the comparison is called so.
        path: Its folder.
        format: `safetensors`, `onnx`, `openvino`, or whatever its backend calls its own.
        weight_bytes: Size of its weights and graphs on disk.
        total_bytes: Size of all files of its folder.
        parameters: Number of weights; None where its files do not tell.
        memory: In a fresh process, with the time from the folder to the first output.
        speed: By shape: percentiles and throughput.
        quality: Metrics of the task on all rows, each with its interval.
    """

    label: str
    path: str
    format: str
    weight_bytes: int
    total_bytes: int
    parameters: int | None = None
    memory: MemoryUse | None = None
    speed: list[SpeedMeasurement] = []
    quality: dict[str, Estimate] = {}


class ShapeSpeedup(Struct, frozen=True, kw_only=True, rename="camel"):
    """By how much a model is faster than the baseline on inputs of one shape.

    Attributes:
        batch: Rows of a call.
        length: Tokens of a row, or the side of an image.
        speedup: Time of the baseline by that of the model; above 1 the model is faster.
    """

    batch: int
    length: int
    speedup: Estimate


class MetricChange(Struct, frozen=True, kw_only=True, rename="camel"):
    """A metric of a model less that of the baseline, on the same rows.

    Attributes:
        change: The difference, with the interval of the paired difference.
        test: What the p-value is of: McNemar's exact test for the accuracy of rows that are one answer each, the
            paired bootstrap for all else.
        p_value: Chance of such a change, or a greater one, if both are equally good.
        adjusted_p: The same corrected by Holm: for the number of models, and in a slice for that of the slices too.
        rows_needed: How many rows it would take to tell the change seen from none, at the level 0.05 with a power of
            0.8; None if none was seen.
    """

    change: Estimate
    test: Literal["mcnemar", "bootstrap"]
    p_value: float
    adjusted_p: float
    rows_needed: int | None = None


class Discordance(Struct, frozen=True, kw_only=True, rename="camel"):
    """Numbers of rows by which of two models is right, where a row is one answer.

    Attributes:
        both: Both are.
        only_baseline: Only the baseline is.
        only_model: Only the model is.
        neither: None of both is.
    """

    both: int
    only_baseline: int
    only_model: int
    neither: int


class ModelPair(Struct, frozen=True, kw_only=True, rename="camel"):
    """A model against the baseline.

    Attributes:
        label: The model's.
        size_ratio: Weights of the baseline by those of the model, in bytes on disk; above 1 the model is smaller.
        memory_ratio: The same of the memory at its peak.
        load_ratio: The same of the time from the folder to the first output.
        speedups: By shape.
        speedup: Of all shapes: their geometric mean, with its interval.
        changes: By metric; empty without labels.
        agreement: Share of the rows that both answer alike; None where the task has no answers.
        discordance: Which of both is right; None where rows are no single answers, or have no labels.
        outputs: How far the model's logits are from those of the baseline; None where they read other tokens.
    """

    label: str
    size_ratio: float
    memory_ratio: float | None = None
    load_ratio: float | None = None
    speedups: list[ShapeSpeedup] = []
    speedup: Estimate | None = None
    changes: dict[str, MetricChange] = {}
    agreement: float | None = None
    discordance: Discordance | None = None
    outputs: OutputError | None = None


class ComparedSlice(Struct, frozen=True, kw_only=True, rename="camel"):
    """Some of the rows, judged by the task's own metric.

    Attributes:
        column: The column by which they were chosen; None for a part by length.
        rows: Number of rows.
        quality: The metric of each model, in the order of the models.
        changes: Of each model but the baseline, likewise.
        value: The value that the rows share, as text; None for a span, and for `rest`.
        low: Of a span of numbers or of lengths the least that occurs.
        high: The greatest.
        rest: These are the rows of all values that have too few rows for a slice of their own.
    """

    column: str | None
    rows: int
    quality: list[Estimate]
    changes: list[MetricChange]
    value: str | None = None
    low: float | None = None
    high: float | None = None
    rest: bool = False


class CompareReport(SavedReport, frozen=True, kw_only=True, rename="camel"):
    """Result of a comparison.

    Attributes:
        models: The models, the baseline first.
        pairs: Each of the others against the baseline, in their order.
        verdicts: By language, for each pair what comes of it, in a few sentences.
        slices: The rows by the values of columns, and by length in tokens of the baseline.
        differences: Number of rows that not all models answer alike.
        task: Of the data.
        metric: The one that the task is about; None where nothing was judged.
        rows: Number of rows that the models answered.
        has_labels: Whether those rows have labels; without, the models' answers are only compared with one another.
        classes: Names of the classes in the order of their ids.
        threads: CPU threads.
        device: Where the models ran.
        confidence: Of the intervals.
        notes: By language, what to know, in plain words.
        artifacts: Absolute paths of the files made, by name: `differences.jsonl`, `differences.csv`, ...
        environment: Versions, hardware, hashes of the baseline and of the data.
        seconds: Time that it took.
        spec: What was asked for, with what was detected.
        job_id: The job, when it was one.
    """

    models: list[ComparedModel]
    pairs: list[ModelPair]
    verdicts: dict[Language, list[str]] = {}
    slices: list[ComparedSlice] = []
    differences: int = 0
    task: TaskName | None = None
    metric: str | None = None
    rows: int = 0
    has_labels: bool = False
    classes: list[str] = []
    threads: int = 1
    device: str = "cpu"
    confidence: float = 0.95
    notes: dict[Language, list[str]] = {}
    artifacts: dict[str, str] = {}
    environment: dict[str, Any] = {}
    seconds: float = 0.0
    spec: CompareSpec | None = None
    job_id: str | None = None

    @property
    def baseline(self) -> ComparedModel:
        """The model that the others are compared with."""
        return self.models[0]

    def shorten(self) -> CompareReport:
        """Return it without the spec, which stands in `report.json`."""
        return msgspec.structs.replace(self, spec=None)
