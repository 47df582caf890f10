"""Every candidate against the original: timed in turn, judged on the same rows; each measured once and remembered."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from persopt.compression.held_out import SearchData
from persopt.compression.points import count_points
from persopt.compression.stage_cache import Stage, StageCache
from persopt.compression.stages import note_time
from persopt.domain.compress_reports import Confirmation, OriginalReport, StageTime
from persopt.domain.compress_specs import CompressSpec
from persopt.domain.measurements import Estimate, SpeedMeasurement
from persopt.measure.hardware import pinned_threads, usable_cpus
from persopt.models.description import describe_model
from persopt.models.manifest import list_weight_files
from persopt.models.runners import open_runner
from persopt.plugins.registry import Registry

if TYPE_CHECKING:
    from persopt.evaluation.scores import RowScores

__all__ = ("Judged", "Measuring", "Timed")


class Timed(Struct, frozen=True, kw_only=True):
    """Original by candidate, timed in turn."""

    speedup: Estimate
    seconds: float


class Judged(Struct, frozen=True, kw_only=True):
    """Metrics of a candidate, and the points it loses, with its interval."""

    metric: str
    metrics: dict[str, float]
    drop: Estimate
    seconds: float


class _Baseline(Struct, frozen=True, kw_only=True):
    speed: SpeedMeasurement
    seconds: float


class Measuring:
    """Measures candidates.

    Args:
        spec: Resolved.
        registry: Knows the backends, which run artifacts.
        data: What the search may look at, and the whole.
        stages: Where measurements are remembered; open.
        cache: Folder of prepared data.
        machine: What is told of the machine; timings of another one do not count.
        look: Called often; may raise to end the work.
    """

    def __init__(
        self,
        spec: CompressSpec,
        registry: Registry,
        data: SearchData,
        stages: StageCache,
        cache: Path,
        machine: Any,
        look: Callable[[], None],
    ) -> None:
        self._spec = spec
        self._registry = registry
        self._data = data
        self._stages = stages
        self._cache = cache
        self._machine = machine
        self._look = look
        self._threads = spec.threads or usable_cpus()
        self._device = "cuda" if spec.device == "cuda" else "cpu"
        self._scores: dict[int | None, RowScores] = {}

    def measure_original(self, original: Stage) -> tuple[OriginalReport, float]:
        """Return the original's latency, size and quality on all validation rows, and the time that this took."""
        found = self._stages.measure(
            "baseline", self._timing_parts(original, original), _Baseline, lambda: self._time_alone(original)
        )
        begin = time.monotonic()
        scores = self._score(original, original, None)
        report = OriginalReport(
            path=str(original.folder),
            latency=found.speed.p50,
            size=describe_model(original.folder).bytes,
            quality=scores.estimate(),
        )
        return report, found.seconds + time.monotonic() - begin

    def measure_again(self, original: Stage) -> float:
        """Return the seconds that timing and judging the original take now that all that they use is loaded."""
        begin = time.monotonic()
        self._time_alone(original)
        self._evaluate(original, self._data.search, "validation", None)
        return time.monotonic() - begin

    def _time_alone(self, original: Stage) -> _Baseline:
        from persopt.evaluation.speed import measure_speeds
        from persopt.measure.turns import TurnPlan

        begin = time.monotonic()
        with pinned_threads(self._threads), self._open(original.folder) as opened:
            (speed,) = measure_speeds(
                opened,
                original.folder,
                [self._shape],
                plan=TurnPlan(seconds=self._spec.seconds),
                on_round=self._look,
            )
        return _Baseline(speed=speed, seconds=time.monotonic() - begin)

    def time(self, original: Stage, stage: Stage, times: list[StageTime]) -> Timed:
        """Time a candidate and the original in turn."""
        from persopt.evaluation.speed import compare_speed
        from persopt.measure.turns import TurnPlan

        def compute() -> Timed:
            begin = time.monotonic()
            with (
                pinned_threads(self._threads),
                self._open(original.folder) as before,
                self._open(stage.folder) as after,
            ):
                (found,) = compare_speed(
                    before,
                    after,
                    (original.folder, stage.folder),
                    [self._shape],
                    threads=self._threads,
                    device=self._device,
                    plan=TurnPlan(seconds=self._spec.seconds),
                    on_round=self._look,
                )
            return Timed(speedup=found.speedup, seconds=time.monotonic() - begin)

        timed: Timed = self._note("time", self._timing_parts(original, stage), Timed, compute, times)
        return timed

    def judge(self, original: Stage, stage: Stage, limit: int | None, times: list[StageTime]) -> Judged:
        """Judge a candidate on all validation rows, or on so many of them."""

        def compute() -> Judged:
            from persopt.evaluation.scores import ScoreChange

            begin = time.monotonic()
            before, after = self._score(original, original, limit), self._score(original, stage, limit)
            change = ScoreChange(before, after).estimate()[before.metric]
            return Judged(
                metric=before.metric,
                metrics=after.metrics(),
                drop=count_points(before.metric, before.metrics()[before.metric], change),
                seconds=time.monotonic() - begin,
            )

        kind = "judge" if limit is None else "judge-slice"
        parts = {
            "original": original.hash,
            "model": stage.hash,
            "data": self._data.hash,
            "task": self._spec.task,
            "limit": limit,
            "seed": self._spec.seed,
            "versions": self._machine["versions"],
        }
        judged: Judged = self._note(kind, parts, Judged, compute, times)
        return judged

    def confirm(self, original: Stage, stage: Stage) -> Confirmation:
        """Judge the chosen candidate and the original on the rows that were never used."""
        from persopt.evaluation.scores import ScoreChange

        before, after = (self._evaluate(one, self._data.whole, "test", None) for one in (original, stage))
        metric = before.metric
        change = ScoreChange(before, after).estimate()[metric]
        drop = count_points(metric, before.metrics()[metric], change)
        return Confirmation(
            rows=len(before),
            source=self._data.source,
            original=before.estimate(),
            model=after.estimate(),
            drop=drop,
            met=drop.value <= self._spec.max_accuracy_drop,
        )

    @staticmethod
    def size_of(stage: Stage) -> int:
        """Return the bytes of a candidate's weights and graphs."""
        return sum(file.stat().st_size for file in list_weight_files(stage.folder))

    @property
    def _shape(self) -> tuple[int, int]:
        return self._spec.latency_batch_size, self._spec.latency_length or 1

    def _score(self, original: Stage, stage: Stage, limit: int | None) -> RowScores:
        """Return the scores on validation rows; those of the original are worked out once."""
        if stage is not original:
            return self._evaluate(stage, self._data.search, "validation", limit)
        if limit not in self._scores:
            self._scores[limit] = self._evaluate(original, self._data.search, "validation", limit)
        return self._scores[limit]

    def _evaluate(self, stage: Stage, data: Path, split: Any, limit: int | None) -> RowScores:
        from persopt.evaluation.quality import evaluate
        from persopt.evaluation.rows import open_rows

        spec = self._spec
        assert spec.task is not None  # resolved
        described = self._data.data
        if split == "test":
            described = msgspec.structs.replace(described, test_split="test")
        rows = open_rows(
            stage.folder, data, spec.task, described, self._cache, seed=spec.seed, split=split, limit=limit
        )
        with self._open(stage.folder) as opened:
            return evaluate(opened, rows, seed=spec.seed, on_batch=self._look)

    def _open(self, folder: Path) -> Any:
        return open_runner(folder, self._registry, device=self._device, threads=self._threads, dtype="float32")

    def _timing_parts(self, original: Stage, stage: Stage) -> dict[str, Any]:
        spec = self._spec
        shape = (*self._shape, self._threads, self._device, spec.seconds)
        return {"original": original.hash, "model": stage.hash, "shape": shape, "machine": self._machine}

    def _note(self, kind: str, parts: Any, type_: Any, compute: Callable[[], Any], times: list[StageTime]) -> Any:
        is_new = []

        def measure() -> Any:
            is_new.append(True)
            return compute()

        found = self._stages.measure(kind, parts, type_, measure)
        note_time(times, kind, found.seconds, cached=not is_new)
        return found
