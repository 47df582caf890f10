"""Jobs and trials as people and programs see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from persopt.cli.job_plans import describe_early_stopping, describe_first_points
from persopt.cli.kind_views import KIND_VIEWS
from persopt.cli.output import format_duration, format_value, print_facts, print_table
from persopt.cli.study_facts import describe_files, describe_importances
from persopt.domain.jobs import JobRecord
from persopt.domain.objectives import Constraint, Objective, total_violation
from persopt.domain.space import CategoricalParameter, Parameter, Scalar, Space
from persopt.domain.specs import TuneSpec
from persopt.domain.trials import TrialRecord

if TYPE_CHECKING:
    from rich.console import Console

    from persopt.plugins.registry import Registry
    from persopt.runtime import Runtime
    from persopt.settings import Settings

__all__ = ("best_trial", "describe_job_json", "print_job", "print_jobs", "print_plan", "print_result")

_MOST_ROWS: Final = 40


def describe_job_json(job: JobRecord, trials: Sequence[TrialRecord]) -> dict[str, Any]:
    """Return the job with all its `trials`, the `best` one or None, and the numbers of those on the `pareto` front."""
    best = best_trial(job, trials)
    return {
        **job.to_builtins(),
        "trials": [_trial_json(trial) for trial in trials],
        "best": None if best is None else _trial_json(best),
        "pareto": (job.result or {}).get("pareto", []),
    }


def best_trial(job: JobRecord, trials: Sequence[TrialRecord]) -> TrialRecord | None:
    """Return the best trial: the result's, or that of the trials so far."""
    from persopt.tuning.ranking import find_best

    number = ((job.result or {}).get("best") or {}).get("number")
    if number is not None:
        return next((trial for trial in trials if trial.number == number), None)
    if not isinstance(job.spec, TuneSpec) or not job.spec.objectives:
        return None
    return find_best(trials, job.spec.objectives, job.spec.constraints)


def print_jobs(console: Console, jobs: Sequence[JobRecord]) -> None:
    """Print a table of jobs."""
    rows = [
        (job.id, job.kind, job.state, _progress(job), job.progress.best, job.created_at, job.spec.name) for job in jobs
    ]
    print_table(console, ("id", "kind", "state", "done", "best", "created", "name"), rows, right=("done", "best"))


def print_job(console: Console, job: JobRecord, folder: str) -> None:
    """Print what a job is and how it is."""
    facts: dict[str, object] = {
        "job": job.id,
        "name": job.spec.name,
        "kind": job.kind,
        "state": job.state + (" (to be cancelled)" if job.cancel_requested and not job.is_finished else ""),
        **_describe_spec(job),
        "created": job.created_at,
        "started": job.started_at,
        "finished": job.finished_at,
        "ran for": format_duration(job.active_seconds) if job.active_seconds else None,
        "resumed": job.resumes or None,
        "doing": job.progress.message if not job.is_finished else None,
        "fault": str(job.fault) if job.fault is not None else None,
        "folder": folder,
    }
    print_facts(console, facts)


def _describe_spec(job: JobRecord) -> dict[str, object]:
    spec = job.spec
    if not isinstance(spec, TuneSpec):
        return {**KIND_VIEWS[type(spec)].describe(spec), "steps": _progress(job)}
    return {
        "model": spec.base_model_path,
        "data": spec.dataset_path,
        "function": spec.function,
        "command": spec.command,
        "strategy": spec.strategy,
        "trials": _progress(job),
        "failed trials": job.progress.failed or None,
    }


def print_plan(console: Console, job: JobRecord, runtime: Runtime) -> None:
    """Print what a job is going to do: task, columns, rows, the size of the search; of other kinds what they are."""
    from persopt.domain.space_building import build_space

    spec = job.spec
    if not isinstance(spec, TuneSpec):
        print_facts(console, KIND_VIEWS[type(spec)].describe(spec))
        return
    space = build_space(spec.config, known_only=spec.trains_model)
    fixed = {item.name: _low(item) for item in space.parameters if _is_fixed(item)}
    names = ", ".join(item.name for item in space.parameters if item.name not in fixed)
    points = "" if space.size is None else f" ({space.size:,} points)"
    facts: dict[str, object] = {
        "strategy": f"{spec.strategy} over {names}{points}" if names else f"{spec.strategy}; every parameter is fixed",
        "fixed": ", ".join(f"{name} {format_value(value)}" for name, value in fixed.items()),
        "trials": _count_trials(spec, space, runtime.registry),
        "first points": describe_first_points(spec),
        "early stopping": describe_early_stopping(spec),
    }
    if spec.trains_model:
        facts |= {
            "task": spec.task,
            "text": spec.data.text_columns,
            "label": spec.data.label_column,
            "rows": _describe_rows(spec, runtime.settings),
        }
    print_facts(console, facts)


def print_result(console: Console, job: JobRecord, trials: Sequence[TrialRecord], *, with_state: bool = True) -> None:
    """Print the table of trials, how the job ended, the best trial, and where everything lies."""
    if not isinstance(job.spec, TuneSpec):
        KIND_VIEWS[type(job.spec)].print_result(console, job, with_state=with_state)
        return
    result = job.result or {}
    best = best_trial(job, trials)
    _print_trials(console, trials, job.spec.objectives, job.spec.constraints, best)
    state = f"{job.id} {job.state} after {format_duration(job.active_seconds)}"
    facts: dict[str, object] = {"job": state} if with_state else {}
    if best is not None:
        goals = zip(job.spec.objectives, best.values, strict=False)
        facts["best"] = f"trial {best.number}: " + ", ".join(
            f"{goal.metric} {format_value(value)}" for goal, value in goals
        )
    if result.get("pareto"):
        front = ", ".join(str(number) for number in result["pareto"])
        facts["Pareto front"] = f"trials {front}: none is better than one of these in everything"
    if job.spec.constraints and best is not None:
        facts["constraints"] = _describe_constraints(job.spec.constraints, best, result.get("feasible"))
    if result.get("endedBy") == "exhausted":
        facts["ended"] = "no new point is left in the space"
    elif result.get("endedBy") == "time-limit":
        facts["ended"] = "at the time limit"
    elif result.get("endedBy") == "target":
        facts["ended"] = "a trial reached the target value"
    facts |= {
        **describe_importances(result),
        "best model": result.get("modelPath"),
        **describe_files(result.get("artifacts", {})),
    }
    print_facts(console, facts)


def _print_trials(
    console: Console,
    trials: Sequence[TrialRecord],
    objectives: Sequence[Objective],
    constraints: Sequence[Constraint],
    best: TrialRecord | None,
) -> None:
    if not trials:
        return
    shown = _choose(trials, objectives, constraints)
    names = list(dict.fromkeys(name for trial in trials for name in trial.params))
    metrics = [objective.metric for objective in objectives]
    limited = [name for name in dict.fromkeys(item.metric for item in constraints) if name not in metrics]
    heads = ("", "trial", "state", *names, *metrics, *limited, "time")
    rows = [
        (
            "*" if best is not None and trial.number == best.number else "",
            trial.number,
            trial.state,
            *(trial.params.get(name) for name in names),
            *(_at(trial.values, index) for index in range(len(metrics))),
            *(trial.metrics.get(name) for name in limited),
            format_duration(trial.seconds) if trial.seconds is not None else None,
        )
        for trial in shown
    ]
    bold = next((index for index, trial in enumerate(shown) if best is not None and trial.number == best.number), None)
    print_table(console, heads, rows, best=bold, right=("trial", *names, *metrics, *limited, "time"))
    if len(shown) < len(trials):
        console.print(f"the best {len(shown)} of {len(trials)} trials; all are in trials.csv")
    for trial in shown:
        if trial.state == "failed" and trial.fault is not None:
            console.print(f"trial {trial.number} failed: {trial.fault}", soft_wrap=True)


def _describe_constraints(constraints: Sequence[Constraint], best: TrialRecord, feasible: int | None) -> str:
    limits = ", ".join(str(constraint) for constraint in constraints)
    if total_violation(constraints, best.metrics) > 0:
        return f"{limits}: kept by no trial; the best one is nearest to them"
    return f"{limits}: kept by {feasible} trials" if feasible is not None else limits


def _choose(
    trials: Sequence[TrialRecord], objectives: Sequence[Objective], constraints: Sequence[Constraint]
) -> list[TrialRecord]:
    """Return all trials, or the best ones where they are too many for a page."""
    from persopt.tuning.ranking import find_best

    if len(trials) <= _MOST_ROWS:
        return list(trials)
    left = {trial.number: trial for trial in trials}
    chosen: list[TrialRecord] = []
    while len(chosen) < _MOST_ROWS // 2:
        found = find_best(left.values(), objectives, constraints) if objectives else None
        if found is None:
            break
        chosen.append(left.pop(found.number))
    return chosen or list(trials[-_MOST_ROWS // 2 :])


def _count_trials(spec: TuneSpec, space: Space, registry: Registry) -> int:
    """Return how many trials there will be at most: no point is run twice, and a grid ends."""
    from persopt.plugins.contracts.sampling import FiniteStrategy, SamplerRequest
    from persopt.plugins.options import decode_options
    from persopt.tuning.run import DEFAULT_TRIALS

    strategy = registry.sampling_strategy(spec.strategy)
    if not isinstance(strategy, FiniteStrategy):
        wanted = DEFAULT_TRIALS if spec.max_trials is None else spec.max_trials
        return wanted if space.size is None else min(wanted, space.size)
    request = SamplerRequest(
        space=space,
        objectives=tuple(spec.objectives),
        study_seed=spec.seed,
        trial_seed=spec.seed,
        trial_number=0,
        max_trials=spec.max_trials,
        parallel=spec.parallel,
    )
    size = strategy.size(decode_options(strategy, spec.strategy_options), request)
    return size if spec.max_trials is None else min(size, spec.max_trials)


def _is_fixed(parameter: Parameter) -> bool:
    if isinstance(parameter, CategoricalParameter):
        return len(parameter.choices) == 1
    return parameter.low == parameter.high


def _low(parameter: Parameter) -> Scalar:
    return parameter.choices[0] if isinstance(parameter, CategoricalParameter) else parameter.low


def _describe_rows(spec: TuneSpec, settings: Settings) -> str:
    from persopt.data.inspection import inspect_dataset
    from persopt.data.location import locate_dataset

    summary = inspect_dataset(locate_dataset(spec.dataset_path, settings), spec.data, spec.task, spec.seed)
    rows = ", ".join(f"{count:,} {name}" for name, count in summary.rows.items())
    return f"{rows}; {len(summary.labels)} classes" if summary.labels else rows


def _progress(job: JobRecord) -> str:
    total = "" if job.progress.total is None else f"/{job.progress.total}"
    return f"{job.progress.done}{total}"


def _at(values: Sequence[float], index: int) -> float | None:
    return values[index] if index < len(values) else None


def _trial_json(trial: TrialRecord) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(trial)
    plain.pop("attributes", None)
    return plain
