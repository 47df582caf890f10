"""Running a tuning from its resolved spec to its report. No job, database or bus is needed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from persopt.domain.errors import OutputError
from persopt.domain.programs import FunctionProgram, MeasuredMetric, Program, TrainingProgram
from persopt.domain.reports import TuneReport
from persopt.domain.space_building import build_space
from persopt.domain.specs import TuneSpec
from persopt.domain.trials import TrialRecord
from persopt.plugins.contracts.base import Contribution
from persopt.plugins.contracts.execution import SAVE_SECONDS, ExecutorRequest, TrialPool
from persopt.plugins.contracts.sampling import FiniteStrategy
from persopt.plugins.guard import plugin_guard
from persopt.plugins.options import decode_options
from persopt.plugins.registry import Registry
from persopt.settings import Settings
from persopt.tuning.command_checks import make_command_program
from persopt.tuning.controller import ControllerRequest, StudyOutcome, TrialController
from persopt.tuning.defaults import MEASURED_METRICS
from persopt.tuning.enqueuing import list_enqueued
from persopt.tuning.importance import find_importances
from persopt.tuning.journal import StudyHistory, TrialJournal
from persopt.tuning.model_delivery import deliver_model
from persopt.tuning.ranking import feasible_trials, find_best, front_numbers
from persopt.tuning.results import write_artifacts
from persopt.tuning.study import Study, StudyRequest

__all__ = ("DEFAULT_TRIALS", "run_tuning")

DEFAULT_TRIALS: Final = 10


def run_tuning(
    spec: TuneSpec,
    *,
    settings: Settings,
    registry: Registry,
    folder: Path,
    journal: TrialJournal,
    history: StudyHistory,
    environment: Mapping[str, Any],
    job_id: str | None = None,
) -> TuneReport:
    """Run a study, or what is left of one, and write its results.

    Args:
        spec: What to tune, as `persopt.tuning.checks.resolve_tuning` returned it.
        settings: Where the workspace is.
        registry: The plugins.
        folder: Folder of the run, which exists: trials, artifacts and `report.json` come to lie in it.
        journal: Told everything that happens.
        history: What is known of the study; empty for a new one.
        environment: Put into the report.
        job_id: Put into the report.

    Raises:
        JobCancelledError: when the journal says so.
        PluginError: if the strategy or the executor breaks its contract.
        OutputError: if results cannot be written; the trials stay, and a second run goes on from there.
        PersoptError: if no trial gave a value, or at a fault that no trial can survive.
    """
    begin = time.monotonic()
    folder = folder.absolute()
    study = _open_study(spec, registry)
    with ExitStack() as stack:
        pool, guard = _open_pool(spec, settings, registry, folder, study.planned, stack)
        controller = TrialController(
            ControllerRequest(
                objectives=tuple(spec.objectives),
                folder=folder,
                seed=spec.seed,
                parallel=spec.parallel,
                retries=spec.retries,
                time_limit=spec.time_limit,
                trial_time_limit=spec.trial_time_limit,
                constraints=tuple(spec.constraints),
                target_value=spec.target_value,
                early_stopping=spec.early_stopping,
                evaluations=(spec.training.evaluations or 1) if spec.trains_model else None,
                save_seconds=SAVE_SECONDS if spec.trains_model else 0.0,
                space=build_space(spec.config) if spec.trains_model else None,
            ),
            study=study,
            pool=pool,
            journal=journal,
            guard=guard,
        )
        # The workers' start counts against the study's time.
        spent = history.active_seconds + time.monotonic() - begin
        outcome = controller.run(msgspec.structs.replace(history, active_seconds=spent))
    outcome, best, model = _deliver(spec, outcome, folder, journal)
    space = build_space(spec.config, known_only=spec.trains_model)
    importances = find_importances(outcome.trials, spec.objectives, space)
    report = TuneReport(
        objectives=spec.objectives,
        best=best,
        trials=outcome.trials,
        ended_by=outcome.ended_by,
        strategy=spec.strategy,
        space_size=space.size,
        model_path=None if model is None else str(model),
        artifacts={},
        seconds=outcome.active_seconds,
        environment=dict(environment),
        job_id=job_id,
        importances=importances.shares,
        importance_notes=importances.notes,
        curves=outcome.curves,
        spec=spec,
        constraints=spec.constraints,
        pareto=front_numbers(outcome.trials, spec.objectives, spec.constraints),
        feasible=len(feasible_trials(outcome.trials, spec.constraints)) if spec.constraints else None,
    )
    report = msgspec.structs.replace(report, artifacts=write_artifacts(folder / "artifacts", report))
    try:
        report.save(folder / "report.json")
    except OSError as error:
        raise OutputError(f"the report cannot be written to {folder}: {error}") from error
    return report


def _open_study(spec: TuneSpec, registry: Registry) -> Study:
    strategy = registry.sampling_strategy(spec.strategy)
    max_trials = spec.max_trials
    if max_trials is None and not isinstance(strategy, FiniteStrategy):
        max_trials = DEFAULT_TRIALS
    space = build_space(spec.config, known_only=spec.trains_model)
    request = StudyRequest(
        strategy=strategy,
        options=decode_options(strategy, spec.strategy_options),
        space=space,
        objectives=tuple(spec.objectives),
        seed=spec.seed,
        max_trials=max_trials,
        parallel=spec.parallel,
        constraints=tuple(spec.constraints),
        enqueued=list_enqueued(space, spec.enqueue, spec.warm_start, max_trials),
    )
    return Study(request, guard=_guard(registry, strategy))


def _open_pool(
    spec: TuneSpec, settings: Settings, registry: Registry, folder: Path, planned: int | None, stack: ExitStack
) -> tuple[TrialPool, Callable[[], AbstractContextManager[object]]]:
    executor = registry.trial_executor(spec.executor)
    options = decode_options(executor, spec.executor_options, "$.executorOptions")
    guard = _guard(registry, executor)
    trials = folder / "trials"
    trials.mkdir(parents=True, exist_ok=True)
    request = ExecutorRequest(
        parallel=spec.parallel if planned is None else min(spec.parallel, planned),
        program=_make_program(spec, settings),
        folder=str(trials),
    )
    with guard():
        return stack.enter_context(executor.open(options, request)), guard


def _guard(registry: Registry, contribution: Contribution) -> Callable[[], AbstractContextManager[object]]:
    return partial(plugin_guard, registry, contribution)


def _make_program(spec: TuneSpec, settings: Settings) -> Program:
    if spec.function is not None:
        return FunctionProgram(function=spec.function, path=spec.function_path or [str(Path.cwd())])
    if spec.command is not None:
        return make_command_program(spec, settings)
    if spec.task is None:
        raise ValueError("the spec is not resolved: it has no task")
    return TrainingProgram(
        model=spec.base_model_path,
        dataset=spec.dataset_path,
        task=spec.task,
        data=spec.data,
        training=msgspec.structs.replace(spec.training, measure=_measured(spec)),
        cache=str(settings.cache),
        seed=spec.seed,
        objective=spec.objectives[0],
    )


def _measured(spec: TuneSpec) -> list[MeasuredMetric]:
    """Return what trials have to measure because the spec names it anywhere."""
    named = {item.metric for item in spec.objectives} | {item.metric for item in spec.constraints}
    return [name for name in MEASURED_METRICS if name in named or name in spec.training.measure]


def _deliver(
    spec: TuneSpec, outcome: StudyOutcome, folder: Path, journal: TrialJournal
) -> tuple[StudyOutcome, TrialRecord | None, Path | None]:
    """Put the best model in its place; return the records as they are then, the best trial, the model's folder."""
    target = Path(spec.output_dir) if spec.output_dir is not None else folder / "artifacts" / "best-model"
    is_filled = target.is_dir() and any(target.iterdir())
    best = _find_best(spec, outcome, is_delivered=is_filled)
    model: Path | None = None
    if best is not None and best.checkpoint is not None:
        model = deliver_model(folder / best.checkpoint, target)
        journal.set_checkpoint(best.number, None)
    elif spec.function is None and is_filled:
        model = target  # delivered by a run that ended before its report
    delivered = None if best is None else best.number
    trials = [
        msgspec.structs.replace(
            trial, attributes={}, checkpoint=None if trial.number == delivered else trial.checkpoint
        )
        for trial in outcome.trials
    ]
    best = None if delivered is None else trials[delivered]
    return msgspec.structs.replace(outcome, trials=trials), best, model


def _find_best(spec: TuneSpec, outcome: StudyOutcome, *, is_delivered: bool) -> TrialRecord | None:
    """Return the best trial that left a model, or else the best one; one that was stopped only if none came to its end.

    A model that was delivered before is the best one's.
    """
    best = find_best(outcome.trials, spec.objectives, spec.constraints)
    if best is None or best.checkpoint is not None or is_delivered:
        return best
    states = (best.state, "succeeded")
    alike = [trial for trial in outcome.trials if trial.checkpoint is not None and trial.state in states]
    return find_best(alike, spec.objectives, spec.constraints) or best
