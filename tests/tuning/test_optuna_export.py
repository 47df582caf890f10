"""The exported file, read by Optuna itself."""

from __future__ import annotations

import gc
import math
import sqlite3
from pathlib import Path
from typing import Any

import msgspec
import optuna
import pytest
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from persopt.domain.reports import TuneReport
from persopt.domain.trials import TrialRecord
from persopt.tuning.export import export_report
from tests.support.reports import make_report

STATES = {"succeeded": TrialState.COMPLETE, "stopped": TrialState.PRUNED, "failed": TrialState.FAIL}
DISTRIBUTIONS: dict[str, BaseDistribution] = {
    "learningRate": FloatDistribution(1e-5, 1e-3, log=True),
    "batchSize": CategoricalDistribution([8, 16, 32]),
    "epochs": IntDistribution(1, 4),
    "weightDecay": FloatDistribution(0, 0.1),
    "optim": CategoricalDistribution(["adamw_torch", "sgd"]),
    "adamBeta2": FloatDistribution(0.9, 0.999),
    "warmupSteps": CategoricalDistribution([10]),
}


@pytest.mark.parametrize("objectives", [1, 2])
def test_optuna_reads_every_trial_as_it_was(objectives: int, tmp_path: Path) -> None:
    report = make_report(8, objectives)
    path = tmp_path / "study.db"
    export_report(report, path, "optuna")
    storage = optuna.storages.RDBStorage(f"sqlite:///{path}")
    study = optuna.load_study(study_name="دیدگاه‌ها 0123456789abcdef0123", storage=storage)
    try:
        assert [way.name.lower() for way in study.directions] == [goal.direction for goal in report.objectives]
        assert study.metric_names == [goal.metric for goal in report.objectives]
        assert study.user_attrs["persopt:spec"] == msgspec.to_builtins(report.spec)
        assert study.user_attrs["persopt:environment"] == report.environment
        assert len(study.trials) == len(report.trials)
        for found, record in zip(study.trials, report.trials, strict=True):
            assert_same(found, record, report)
        assert report.best is not None
        assert report.best.number in [trial.number for trial in study.best_trials]
    finally:
        storage.remove_session()
        storage.engine.dispose()
        del study, storage
        gc.collect()  # the connection is closed here and not in another test


def assert_same(found: optuna.trial.FrozenTrial, record: TrialRecord, report: TuneReport) -> None:
    assert (found.number, found.state) == (record.number, STATES[record.state])
    for name, value in record.params.items():
        read = found.params[name]
        assert type(read) is type(value)
        # Optuna keeps a real number on a log scale as it is, and so to the last digit.
        assert read == value
    assert set(found.params) == set(record.params)
    assert found.distributions == {name: DISTRIBUTIONS[name] for name in record.params}
    several = len(report.objectives) > 1
    assert (found.values or []) == ([] if several and record.state == "stopped" else record.values)
    curve = {one.step: one.metrics["accuracy"] for one in report.curves if one.number == record.number}
    assert found.intermediate_values == ({} if several else curve)
    assert record.started_at is not None
    assert record.finished_at is not None
    assert found.datetime_start == record.started_at.astimezone().replace(tzinfo=None)
    assert found.datetime_complete == record.finished_at.astimezone().replace(tzinfo=None)
    told: dict[str, Any] = {
        **record.metrics,
        "persopt:state": record.state,
        "persopt:attempt": 1,
        "persopt:seconds": 30.5,
    }
    assert found.user_attrs == told | ({"persopt:fault": str(record.fault)} if record.fault else {})
    assert found.system_attrs == {"tpe:note": "kept"}


def test_running_cancelled_and_odd_trials_do_not_stop_the_export(tmp_path: Path) -> None:
    report = make_report(5, objectives=1)
    changes: list[dict[str, Any]] = [
        {"state": "running", "values": [], "finished_at": None},
        {"state": "cancelled", "values": [], "started_at": None, "finished_at": None},
        {"values": [math.nan]},
        {"values": [math.inf]},
        {"started_at": None, "finished_at": None, "seconds": None},
    ]
    trials = [msgspec.structs.replace(trial, **change) for trial, change in zip(report.trials, changes, strict=True)]
    trials[2] = msgspec.structs.replace(trials[2], state="stopped")
    trials[4] = msgspec.structs.replace(trials[4], state="succeeded", values=[0.5])
    export_report(msgspec.structs.replace(report, trials=trials), tmp_path / "study.db", "optuna")
    with sqlite3.connect(tmp_path / "study.db") as connection:
        states = connection.execute("select state from trials order by number").fetchall()
        values = connection.execute("select value, value_type from trial_values order by trial_id").fetchall()
    connection.close()
    assert [state for (state,) in states] == ["RUNNING", "FAIL", "PRUNED", "COMPLETE", "COMPLETE"]
    assert values == [(None, "INF_POS"), (0.5, "FINITE")]
