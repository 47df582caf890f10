"""A study as an Optuna storage file: an SQLite database for Optuna itself, optuna-dashboard, and what reads those."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from persopt.domain.objectives import Objective
from persopt.domain.reports import TuneReport
from persopt.domain.space_building import build_space
from persopt.domain.specs import TuneSpec
from persopt.domain.trials import Report, TrialRecord

__all__ = ("study_name", "write_optuna_storage")

_OWN = "persopt:"


def study_name(report: TuneReport) -> str:
    """Return the name of the study in the file: the spec's name with the job's id, or what there is of both."""
    name = report.spec.name if report.spec is not None else ""
    return " ".join(part for part in (name, report.job_id) if part) or "persopt"


def write_optuna_storage(report: TuneReport, spec: TuneSpec, path: Path) -> None:
    """Write a new SQLite file that `optuna.load_study(study_name=None, storage="sqlite:///...")` opens.

    Each trial keeps its number, state, parameters with their distributions, values, evaluations on the way (with one
    objective, as Optuna knows them), times, and the sampler's attributes. Its metrics are user attributes by their
    names; `persopt:state`, `persopt:attempt`, `persopt:seconds` and `persopt:fault` tell what Optuna has no word for.
    Values that are not finite stay with the metrics alone. The study's user attributes are the request and the
    environment.

    Args:
        report: The study.
        spec: What was asked for.
        path: The file, which does not exist.
    """
    import optuna

    from persopt.tuning.optuna_trials import PlainSpace, freeze_trial

    space = PlainSpace(build_space(spec.config, known_only=spec.trains_model))
    curves: dict[int, list[Report]] = {}
    for evaluation in report.curves:
        curves.setdefault(evaluation.number, []).append(evaluation)
    storage = optuna.storages.RDBStorage(f"sqlite:///{path}")
    try:
        study = _create_study(storage, report, spec)
        for trial in sorted(report.trials, key=lambda record: record.number):
            study.add_trial(
                freeze_trial(
                    trial,
                    space,
                    values=_values(trial, report.objectives),
                    intermediate=_on_the_way(curves.get(trial.number, ()), report.objectives),
                    user_attributes=_describe_trial(trial),
                    system_attributes={key: value for key, value in trial.attributes.items() if _OWN not in key},
                )
            )
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _create_study(storage: Any, report: TuneReport, spec: TuneSpec) -> Any:
    import optuna

    directions = [optuna.study.StudyDirection[objective.direction.upper()] for objective in report.objectives]
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        storage.create_new_study(directions, study_name(report))
    finally:
        optuna.logging.set_verbosity(verbosity)
    study = optuna.Study(study_name(report), storage, sampler=optuna.samplers.RandomSampler())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study.set_metric_names([objective.metric for objective in report.objectives])
    study.set_user_attr(f"{_OWN}spec", msgspec.to_builtins(spec))
    study.set_user_attr(f"{_OWN}environment", report.environment)
    if report.job_id:
        study.set_user_attr(f"{_OWN}job", report.job_id)
    return study


def _values(trial: TrialRecord, objectives: Sequence[Objective]) -> list[float] | None:
    """Return what Optuna takes as a trial's values: of a stopped one only a single objective's."""
    if trial.state == "stopped" and len(objectives) > 1:
        return None
    usable = trial.state in ("succeeded", "stopped") and trial.values and not any(map(math.isnan, trial.values))
    return trial.values if usable else None


def _on_the_way(evaluations: Sequence[Report], objectives: Sequence[Objective]) -> dict[int, float]:
    if len(objectives) != 1:
        return {}
    metric = objectives[0].metric
    return {one.step: one.metrics[metric] for one in evaluations if metric in one.metrics}


def _describe_trial(trial: TrialRecord) -> Mapping[str, Any]:
    described: dict[str, Any] = dict(trial.metrics)
    described |= {f"{_OWN}state": trial.state, f"{_OWN}attempt": trial.attempt}
    if trial.seconds is not None:
        described[f"{_OWN}seconds"] = trial.seconds
    if trial.fault is not None:
        described[f"{_OWN}fault"] = str(trial.fault)
    return described
