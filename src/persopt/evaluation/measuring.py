"""Measuring a model whole: size, load time, memory, speed and quality, alone or against another."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from persopt.domain.errors import ModelError
from persopt.domain.measure_specs import MeasureReport, MeasureSpec, ModelMeasures, QualityChange
from persopt.domain.measurements import MemoryUse, OutputError
from persopt.evaluation.batches import InputBatches
from persopt.evaluation.memory import measure_model_memory
from persopt.evaluation.outputs import COMPARED_ROWS, compare_runners
from persopt.evaluation.quality import evaluate
from persopt.evaluation.rows import TaskRows, open_rows
from persopt.evaluation.scores import RowScores, ScoreChange
from persopt.evaluation.speed import compare_speed, measure_speeds
from persopt.measure.hardware import pinned_threads, usable_cpus
from persopt.measure.size import measure_size
from persopt.measure.turns import TurnPlan
from persopt.models.runners import OpenedModel, open_runner
from persopt.plugins.registry import Registry
from persopt.tuning.environment import describe_machine

__all__ = ("run_measuring",)

_WITHOUT_ANSWERS: Final = "causal-language-modeling"


def run_measuring(
    spec: MeasureSpec, registry: Registry, cache: Path, look: Callable[[str], None] = lambda _: None
) -> MeasureReport:
    """Measure what a spec asks for; nothing is estimated.

    Args:
        spec: Resolved (`persopt.evaluation.measure_checks`).
        registry: The backends, which run artifacts.
        cache: Folder of prepared data.
        look: Called often, with what is being done; may raise to end the work.

    Raises:
        ModelError: if a model cannot be opened or run, or is not for the task.
        DataError: if the data cannot be used.
    """
    return _Measuring(spec, registry, cache, look).run()


class _Measuring:
    def __init__(self, spec: MeasureSpec, registry: Registry, cache: Path, look: Callable[[str], None]) -> None:
        self._spec = spec
        self._registry = registry
        self._cache = cache
        self._look = look
        self._threads = spec.threads or usable_cpus()
        self._shapes = [(batch, length) for batch in spec.batch_sizes for length in spec.lengths]
        self._parts: list[dict[str, Any]] = []
        self._notes: list[str] = []
        self._found: dict[str, Any] = {}

    def run(self) -> MeasureReport:
        started = time.monotonic()
        spec = self._spec
        folders = [Path(path) for path in (spec.model_path, spec.against) if path is not None]
        self._look("opening")
        with pinned_threads(self._threads), ExitStack() as stack:
            opened = [self._open(stack, folder) for folder in folders]
            self._parts = [
                {
                    "path": str(one.path),
                    "format": one.format,
                    "weight_bytes": one.size,
                    "total_bytes": measure_size(one.path),
                }
                for one in opened
            ]
            if spec.dataset_path:  # first: a model that is not for the data is found out before the long part
                self._judge(opened)
            if spec.speed:
                self._measure_speed(opened)
        if spec.memory:
            for part in self._parts:
                part["memory"] = self._measure_memory(part)
        models = [ModelMeasures(**part) for part in self._parts]
        return MeasureReport(
            model=models[0],
            against=models[1] if len(models) > 1 else None,
            task=spec.task,
            threads=self._threads,
            device=spec.device,
            notes=self._notes,
            environment=describe_machine() | {"seed": spec.seed},
            seconds=time.monotonic() - started,
            **self._found,
        )

    def _open(self, stack: ExitStack, folder: Path) -> OpenedModel:
        spec = self._spec
        return stack.enter_context(
            open_runner(folder, self._registry, device=spec.device, threads=self._threads, dtype="auto")
        )

    def _measure_speed(self, opened: list[OpenedModel]) -> None:
        message = "measuring the speed" if len(opened) == 1 else "measuring the speed, in turn"
        plan = TurnPlan(seconds=self._spec.seconds)

        def look() -> None:
            self._look(message)

        if len(opened) == 1:
            self._parts[0]["speed"] = measure_speeds(opened[0], opened[0].path, self._shapes, plan=plan, on_round=look)
            return
        model, other = opened
        self._found["comparisons"] = compare_speed(
            other,
            model,
            (other.path, model.path),
            self._shapes,
            threads=self._threads,
            device=self._spec.device,
            confidence=self._spec.confidence,
            plan=plan,
            on_round=look,
        )
        self._parts[0]["speed"] = [one.after for one in self._found["comparisons"]]
        self._parts[1]["speed"] = [one.before for one in self._found["comparisons"]]

    def _judge(self, opened: list[OpenedModel]) -> None:
        rows = [self._open_rows(one) for one in opened]
        scores = []
        for one, each, part in zip(opened, rows, self._parts, strict=True):
            self._look("judging")
            score = evaluate(one, each, seed=self._spec.seed, on_batch=lambda: self._look("judging"))
            part["quality"] = score.estimate(self._spec.confidence)
            scores.append(score)
        self._found |= {"rows": len(rows[0]), "metric": scores[0].metric}
        if len(opened) > 1:
            self._compare(opened, rows, scores)

    def _compare(self, opened: list[OpenedModel], rows: list[TaskRows], scores: list[RowScores]) -> None:
        alike = rows[0].fingerprint == rows[1].fingerprint
        if not alike:
            self._notes.append("the models read other tokens or pixels; their logits are not compared")
        if alike or rows[0].task != _WITHOUT_ANSWERS:
            change = ScoreChange(scores[1], scores[0])
            self._found["quality"] = QualityChange(
                change=change.estimate(self._spec.confidence),
                p_values=change.p_values(),
                agreement=change.agreement() if rows[0].task != _WITHOUT_ANSWERS else None,
                rows_needed=change.rows_needed(scores[0].metric),
            )
        else:
            self._notes.append("models of different tokenizers predict other tokens; their losses are not compared")
        if alike:
            self._found["outputs"] = self._compare_outputs(opened, rows[0])

    def _compare_outputs(self, opened: list[OpenedModel], rows: TaskRows) -> OutputError | None:
        few = rows.take(COMPARED_ROWS)
        try:
            return compare_runners(opened[1], opened[0], InputBatches(few), lambda: self._look("comparing outputs"))
        except ModelError as error:
            self._notes.append(f"the outputs are not compared: {error}")
            return None

    def _open_rows(self, opened: OpenedModel) -> TaskRows:
        spec = self._spec
        assert spec.task is not None  # resolved
        return open_rows(
            opened.path,
            spec.dataset_path,
            spec.task,
            spec.data,
            self._cache,
            seed=spec.seed,
            split=spec.split,
            limit=spec.rows,
        )

    def _measure_memory(self, part: dict[str, Any]) -> MemoryUse:
        return measure_model_memory(
            part["path"],
            part["format"],
            self._registry,
            length=max(self._spec.lengths),
            device=self._spec.device,
            threads=self._threads,
            on_wait=lambda: self._look("measuring the memory"),
        )
