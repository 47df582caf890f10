from __future__ import annotations

import csv
import io
from pathlib import Path

import msgspec
import pytest

from persopt.domain.errors import Fault, OutputError
from persopt.domain.objectives import Objective
from persopt.domain.trials import Report, TrialRecord
from persopt.tuning.results import curves_table, trials_table, write_artifacts
from tests.support.reports import make_report

OBJECTIVES = (Objective("accuracy"), Objective("loss", "minimize"))
TRIALS = [
    TrialRecord(
        number=0,
        state="succeeded",
        params={"rate": 1e-5, "kind": "الف,ب"},
        values=[0.5, 1.25],
        metrics={"accuracy": 0.5, "loss": 1.25, "f1": 0.25},
        seconds=1.23456,
        attributes={"tpe:relative_params:0": "{}"},
    ),
    TrialRecord(number=1, state="failed", params={"rate": 0.1}, fault=Fault(message='he said "no"\nand left')),
    TrialRecord(number=2, state="succeeded", params={"rate": 0.2}, attempt=2, values=[0.75, 2.0]),
    TrialRecord(number=3, state="stopped", params={"rate": 0.3}, values=[0.6, 3.0], fault=Fault(message="time")),
    TrialRecord(number=4, state="stopped", params={"rate": 0.4}),
]


def test_the_table_has_a_row_a_trial_and_a_column_a_value() -> None:
    rows = list(csv.DictReader(io.StringIO(trials_table(TRIALS, OBJECTIVES))))
    assert rows[0] == {
        "number": "0",
        "state": "succeeded",
        "attempt": "1",
        "seconds": "1.235",
        "params.rate": "1e-05",
        "params.kind": "الف,ب",
        "values.accuracy": "0.5",
        "values.loss": "1.25",
        "metrics.accuracy": "0.5",
        "metrics.f1": "0.25",
        "metrics.loss": "1.25",
        "fault": "",
    }
    assert [row["fault"] for row in rows] == ["", 'he said "no"\nand left', "", "time", ""]
    assert [row["values.accuracy"] for row in rows] == ["0.5", "", "0.75", "0.6", ""]
    assert rows[1]["params.kind"] == ""


def test_artifacts_are_written_whole_and_told(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "artifacts"
    report = make_report(12)
    artifacts = write_artifacts(folder, report)
    plots = ("history", "importances", "learning-curves", "parallel-coordinates", "slices", "pareto-front")
    tables = ("report.html", "trials.csv", "trials.json", "curves.csv", "curves.json")
    assert artifacts == {name: str(folder / name) for name in (*tables, *(f"{name}.svg" for name in plots))}
    assert sorted(path.name for path in folder.iterdir()) == sorted(artifacts)
    assert (folder / "trials.csv").read_text("utf-8") == trials_table(report.trials, report.objectives)
    read = msgspec.json.decode((folder / "trials.json").read_bytes())
    assert all("attributes" not in row for row in read)
    assert [row["params"] for row in read] == [trial.params for trial in report.trials]
    assert msgspec.json.decode((folder / "curves.json").read_bytes(), type=list[Report]) == report.curves
    assert "<svg" in (folder / "report.html").read_text("utf-8")


def test_without_curves_there_are_no_files_of_them_and_the_language_is_the_specs(tmp_path: Path) -> None:
    report = make_report(3, objectives=1)
    assert report.spec is not None
    spec = msgspec.structs.replace(report.spec, report_language="fa")
    artifacts = write_artifacts(tmp_path, msgspec.structs.replace(report, curves=[], spec=spec))
    assert not {name for name in artifacts if "curves" in name or "pareto" in name}
    assert '<html lang="fa" dir="rtl">' in (tmp_path / "report.html").read_text("utf-8")


def test_the_table_of_curves_has_a_row_an_evaluation() -> None:
    curves = [
        Report(number=0, step=5, metrics={"loss": 0.5}, share=1 / 3),
        Report(number=1, step=2, metrics={"accuracy": 0.25, "loss": 1.5}),
    ]
    rows = list(csv.reader(io.StringIO(curves_table(curves))))
    assert rows == [
        ["number", "step", "share", "accuracy", "loss"],
        ["0", "5", "0.333333", "", "0.5"],
        ["1", "2", "", "0.25", "1.5"],
    ]


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_artifacts(tmp_path / "file" / "artifacts", make_report(1, objectives=1))
