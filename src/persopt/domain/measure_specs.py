"""What a user asks for when a model is to be measured, and what comes back."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from persopt.domain.measurements import Estimate, MemoryUse, OutputError, SpeedComparison, SpeedMeasurement
from persopt.domain.programs import DataSpec, PositiveFloat, PositiveInt, TaskName
from persopt.domain.saved_reports import SavedReport

__all__ = ("MeasureReport", "MeasureSpec", "MeasuringSpec", "ModelMeasures", "QualityChange")


class MeasuringSpec(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """How models are measured: on which rows, at which shapes, with what."""

    dataset_path: Annotated[
        str,
        Meta(description="The data set to judge on: a file, a folder, a name or a hub id; without it no quality."),
    ] = ""
    task: Annotated[TaskName | None, Meta(description="The task; detected from the data by default.")] = None
    data: Annotated[DataSpec, Meta(description="How to read the data set.")] = DataSpec()
    split: Annotated[Literal["train", "validation", "test"], Meta(description="Rows of the data to judge on.")] = (
        "validation"
    )
    rows: Annotated[PositiveInt | None, Meta(description="Judge on at most so many rows, chosen by the seed.")] = None
    batch_sizes: Annotated[list[PositiveInt], Meta(description="Rows of a call, for the speed; by default 1, 16.")] = []
    lengths: Annotated[
        list[PositiveInt],
        Meta(
            description="Tokens of a row, for the speed; by default 32, 128 or what the model takes; images need none."
        ),
    ] = []
    seconds: Annotated[PositiveFloat, Meta(description="Time each shape for about so long.")] = 4.0
    threads: Annotated[PositiveInt | None, Meta(description="CPU threads, kept on as many cores; by default all.")] = (
        None
    )
    device: Annotated[Literal["cpu", "cuda"], Meta(description="Where the models run.")] = "cpu"
    confidence: Annotated[float, Meta(gt=0.5, lt=1, description="Confidence of the intervals.")] = 0.95
    seed: Annotated[int, Meta(ge=0, le=2**32 - 1, description="Seed of the rows chosen and of the resampling.")] = 0
    speed: Annotated[bool, Meta(description="Measure the speed.")] = True
    memory: Annotated[bool, Meta(description="Measure memory and load time, in fresh processes.")] = True


class MeasureSpec(MeasuringSpec, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Measure a model, alone or against another."""

    model_path: Annotated[
        str,
        Meta(description="Folder of a checkpoint or an artifact, a name in the workspace, or a hub id."),
    ] = ""
    against: Annotated[
        str | None, Meta(description="Another model, timed in turn with the first and judged on the same rows.")
    ] = None


class ModelMeasures(Struct, frozen=True, kw_only=True, rename="camel"):
    """What was measured of a model.

    Attributes:
        path: Its folder.
        format: `safetensors`, `onnx`, `openvino`, or whatever its backend calls its own.
        weight_bytes: Size of its weights and graphs on disk.
        total_bytes: Size of all files of its folder.
        memory: In a fresh process, with the time from the folder to the first output.
        speed: By shape.
        quality: Metrics of the task, each with its interval.
    """

    path: str
    format: str
    weight_bytes: int
    total_bytes: int
    memory: MemoryUse | None = None
    speed: list[SpeedMeasurement] = []
    quality: dict[str, Estimate] = {}


class QualityChange(Struct, frozen=True, kw_only=True, rename="camel"):
    """Two models on the same rows.

    Attributes:
        change: The model's metrics less those of the other, each with the interval of the paired difference.
        p_values: Chance of such a change, or a greater one, if both are equally good: by McNemar's exact test for the
            accuracy of rows that are one answer each, by the paired bootstrap for all else.
        agreement: Share of the rows that both answer alike; None where the task has no answers.
        rows_needed: How many rows it would take to tell the change of the task's own metric, at the level 0.05 with a
            power of 0.8; None if none was seen.
    """

    change: dict[str, Estimate]
    p_values: dict[str, float]
    agreement: float | None = None
    rows_needed: int | None = None


class MeasureReport(SavedReport, frozen=True, kw_only=True, rename="camel"):
    """Result of measuring.

    Attributes:
        model: The model.
        against: The other, if there was one.
        comparisons: Both timed in turn, by shape: `before` is the other, `after` the model, so a speed-up above 1 says
            that the model is faster.
        quality: Both on the same rows.
        outputs: How far the model's logits are from those of the other.
        task: Of the data.
        metric: The one that the task is about.
        rows: Number of rows judged on.
        threads: CPU threads.
        device: Where the models ran.
        notes: What to know, in plain words.
        environment: Versions, hardware, hash of the data.
        seconds: Time that it took.
    """

    model: ModelMeasures
    against: ModelMeasures | None = None
    comparisons: list[SpeedComparison] = []
    quality: QualityChange | None = None
    outputs: OutputError | None = None
    task: TaskName | None = None
    metric: str | None = None
    rows: int = 0
    threads: int = 1
    device: str = "cpu"
    notes: list[str] = []
    environment: dict[str, Any] = {}
    seconds: float = 0.0
