"""Ids, records and reports: what they hold, and that they survive JSON."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from persopt.domain.ids import ID_PATTERN, new_event_id, new_job_id
from persopt.domain.jobs import JOB_STATES, TERMINAL_STATES, JobRecord, Lease
from persopt.domain.objectives import Objective
from persopt.domain.prune_specs import PruneSpec
from persopt.domain.reports import TuneReport
from persopt.domain.specs import TuneSpec
from persopt.domain.trials import TrialRecord

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
TRIAL = TrialRecord(
    number=0, state="succeeded", params={"x": 1.5, "tag": "<b>"}, values=[0.75], metrics={"accuracy": 0.75}
)
REPORT = TuneReport(
    objectives=[Objective("accuracy")],
    best=TRIAL,
    trials=[TRIAL, TrialRecord(number=1, state="failed", params={"x": 2.5})],
    ended_by="trials",
    strategy="random",
    space_size=None,
    model_path=None,
    artifacts={},
    seconds=1.0,
    environment={},
)


def test_job_ids_have_their_form_and_sort_by_time() -> None:
    ids = [new_job_id() for _ in range(50)]
    assert all(re.fullmatch(ID_PATTERN, value) for value in ids)
    assert len(set(ids)) == 50
    assert [value[:12] for value in ids] == sorted(value[:12] for value in ids)


def test_event_ids_differ() -> None:
    assert len({new_event_id() for _ in range(50)}) == 50


@pytest.mark.parametrize("state", JOB_STATES)
def test_a_job_is_finished_in_its_last_states(state: str) -> None:
    job = msgspec.convert(
        {"id": "x", "kind": "tune", "state": state, "spec": {"kind": "tune"}, "createdAt": NOON}, JobRecord
    )
    assert job.is_finished is (state in TERMINAL_STATES)


def test_a_job_survives_json_and_shows_no_token() -> None:
    lease = Lease(token="secret", host="h", pid=1, process_started=0.5, expires_at=NOON)  # noqa: S106 - made up
    job = JobRecord(id="x", kind="tune", state="running", spec=TuneSpec(seed=3), created_at=NOON, lease=lease)
    assert msgspec.json.decode(msgspec.json.encode(job), type=JobRecord) == job
    shown = job.to_builtins()
    assert "secret" not in str(shown)
    assert shown["spec"]["seed"] == 3
    assert shown["createdAt"] == "2026-11-24T12:00:00Z"


def test_a_spec_needs_only_what_the_caller_varies() -> None:
    spec = msgspec.json.decode(
        b'{"baseModelPath": "m", "datasetPath": "d", "config": {"batchSize": [8]}}', type=TuneSpec
    )
    assert spec.strategy == "random"
    assert spec.executor == "local"
    assert msgspec.json.decode(msgspec.json.encode(spec), type=TuneSpec) == spec


def test_every_field_of_a_spec_is_described() -> None:
    schemas, components = msgspec.json.schema_components([TuneSpec, PruneSpec])
    assert len(schemas) == 2
    for name in ("TuneSpec", "PruneSpec", "PruneConfig", "DataSpec", "TrainingOptions", "ParameterSpec"):
        for field, described in components[name]["properties"].items():
            assert field == "kind" or described.get("description"), f"{name}.{field}"


def test_a_report_tells_its_best_trial() -> None:
    assert REPORT.best_params == TRIAL.params
    assert REPORT.best_value == 0.75
    empty = msgspec.structs.replace(REPORT, best=None)
    with pytest.raises(LookupError, match="no trial succeeded"):
        _ = empty.best_params
    with pytest.raises(LookupError, match="no trial succeeded"):
        _ = empty.best_value


def test_a_report_is_saved_whole(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    REPORT.save(path)
    assert msgspec.json.decode(path.read_bytes(), type=TuneReport) == REPORT
    assert list(tmp_path.iterdir()) == [path]
    assert msgspec.json.decode(path.read_bytes()) == msgspec.json.decode(msgspec.json.encode(REPORT.to_builtins()))


def test_a_report_is_a_table_in_notebooks_and_escapes_what_users_wrote() -> None:
    table = REPORT._repr_html_()
    assert table.count("<tr") == 3
    assert "&lt;b>" in table
    assert "<b>" not in table.replace("&lt;b>", "")
