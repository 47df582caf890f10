"""Running a comparison from its resolved spec to its report. No job, database or bus is needed."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from itertools import combinations
from pathlib import Path
from typing import Any

from persopt.comparison.notes import Notes
from persopt.comparison.quality import QualityComparison
from persopt.comparison.results import build_report, finish_report
from persopt.comparison.timing import ShapeTimes, time_models
from persopt.domain.compare_reports import CompareReport
from persopt.domain.compare_specs import CompareSpec
from persopt.domain.jobs import Progress
from persopt.domain.measurements import MemoryUse
from persopt.evaluation.memory import measure_model_memory
from persopt.measure.hardware import pinned_threads, usable_cpus
from persopt.measure.size import measure_size
from persopt.measure.turns import TurnPlan
from persopt.models.description import describe_model
from persopt.models.runners import OpenedModel, open_runner
from persopt.plugins.registry import Registry
from persopt.settings import Settings
from persopt.ticker import Ticker

__all__ = ("run_comparison",)


def run_comparison(
    spec: CompareSpec,
    *,
    settings: Settings,
    registry: Registry,
    folder: Path,
    environment: Mapping[str, Any],
    tell: Callable[[Progress], None] = lambda _: None,
    is_cancelled: Callable[[], bool] = lambda: False,
    job_id: str | None = None,
) -> CompareReport:
    """Compare models with the first of them; all are open at once, and nothing is estimated.

    They answer the rows one after another, are timed in turn at each shape, and then opened in a fresh process each
    for memory and load time. A run that is taken up again begins anew.

    Args:
        spec: What to compare, as `persopt.comparison.checks.resolve_comparison` returned it.
        settings: Where the workspace's cache is.
        registry: The backends, which run artifacts.
        folder: Folder of the run, which exists: artifacts and `report.json` come to lie in it.
        environment: Put into the report.
        tell: Told how far it is, at most twice a second.
        is_cancelled: Asked between all steps whether to end.
        job_id: Put into the report.

    Raises:
        JobCancelledError: when `is_cancelled` says so.
        ModelError: if a model cannot be opened or run, or is not for the data.
        DataError: if the data cannot be used.
        PluginError: if a backend fails.
        OutputError: if the results cannot be written.
    """
    begin = time.monotonic()
    ticker = Ticker(tell, is_cancelled)
    work = folder / ".work"
    shutil.rmtree(work, ignore_errors=True)  # of a run that was killed
    work.mkdir()
    try:
        run = _Run(spec, settings, registry, work, ticker)
        report = run.compare(environment, job_id)
        report = finish_report(report, folder, run.differences, run.columns, time.monotonic() - begin)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    ticker.finish()
    return report


class _Run:
    def __init__(self, spec: CompareSpec, settings: Settings, registry: Registry, work: Path, ticker: Ticker) -> None:
        self._spec = spec
        self._settings = settings
        self._registry = registry
        self._work = work
        self._ticker = ticker
        self._threads = spec.threads or usable_cpus()
        self._shapes = [(batch, length) for batch in spec.batch_sizes for length in spec.lengths]
        self._notes = Notes()
        self._models: list[dict[str, Any]] = []
        self._pairs: list[dict[str, Any]] = []
        self._judged: dict[str, Any] = {}
        self.differences: list[Any] = []
        self.columns: list[str] = []

    def compare(self, environment: Mapping[str, Any], job_id: str | None) -> CompareReport:
        """Measure all there is to measure and return the report, without verdict, artifacts and time."""
        spec = self._spec
        models = len(spec.model_paths)
        self._ticker.expect(models * (1 + bool(spec.dataset_path) + spec.memory) + len(self._shapes) * spec.speed)
        self._note_twins()
        times: list[ShapeTimes] = []
        with pinned_threads(self._threads), ExitStack() as stack:
            opened = [self._open(stack, place) for place in range(models)]
            self._pairs = [{} for _ in opened[1:]]
            if spec.dataset_path:  # first: a model that is not for the data is found out before the long part
                self._judge(opened)
            else:
                self._notes.add("no-data")
            if spec.speed:
                times = [self._time(opened, shape) for shape in self._shapes]
        memory = [self._measure_memory(place) for place in range(models)] if spec.memory else [None] * models
        return build_report(
            spec,
            self._models,
            self._pairs,
            times=times,
            memory=memory,
            threads=self._threads,
            judged=self._judged,
            notes=self._notes.write(),
            environment={**environment, "threads": self._threads},
            job_id=job_id,
        )

    def _begin(self, message: str) -> None:
        self._ticker.message = message
        self._ticker.tick()

    def _note_twins(self) -> None:
        named = zip(self._spec.labels, self._spec.model_paths, strict=True)
        for (one, path), (other, another) in combinations(named, 2):
            if path == another:
                self._notes.add("same-model", one=one, other=other)

    def _open(self, stack: ExitStack, place: int) -> OpenedModel:
        spec = self._spec
        self._begin(f"opening {spec.labels[place]}")
        folder = Path(spec.model_paths[place])
        opened = stack.enter_context(
            open_runner(folder, self._registry, device=spec.device, threads=self._threads, dtype="auto")
        )
        self._models.append(
            {
                "label": spec.labels[place],
                "path": str(folder),
                "format": opened.format,
                "weight_bytes": opened.size,
                "total_bytes": measure_size(folder),
                "parameters": describe_model(folder).parameters or None,
            }
        )
        return opened

    def _judge(self, opened: list[OpenedModel]) -> None:
        spec, look = self._spec, self._ticker.look
        quality = QualityComparison(spec, self._settings, self._work, self._notes, look)
        for model, label in zip(opened, spec.labels, strict=True):
            self._begin(f"judging {label}")
            quality.judge(model, label)
        look()
        for fields, estimates in zip(self._models, quality.estimates(), strict=True):
            fields["quality"] = estimates
        for fields, found in zip(self._pairs, quality.pairs(opened), strict=True):
            fields.update(found)
        look()
        self.differences, self.columns = quality.differences(), quality.shown_columns
        self._judged = {
            "task": spec.task,
            "metric": quality.metric,
            "rows": quality.rows,
            "has_labels": quality.has_labels,
            "classes": quality.classes,
            "slices": quality.slices(),
            "differences": len(self.differences),
        }

    def _time(self, opened: list[OpenedModel], shape: tuple[int, int]) -> ShapeTimes:
        spec = self._spec
        self._begin(f"timing in turn, {shape[0]} x {shape[1]}")
        return time_models(
            opened,
            spec.model_paths,
            shape,
            confidence=spec.confidence,
            plan=TurnPlan(seconds=spec.seconds),
            on_round=self._ticker.look,
        )

    def _measure_memory(self, place: int) -> MemoryUse:
        spec = self._spec
        self._begin(f"measuring the memory of {spec.labels[place]}")
        return measure_model_memory(
            spec.model_paths[place],
            self._models[place]["format"],
            self._registry,
            length=max(spec.lengths),
            device=spec.device,
            threads=self._threads,
            on_wait=self._ticker.look,
        )
