from __future__ import annotations

import csv
import io
from pathlib import Path

import msgspec
import pytest

import persopt
from persopt.domain.errors import ConflictError, InputError, OutputError
from persopt.domain.reports import TuneReport
from tests.support.reports import make_report


@pytest.fixture(scope="module")
def report() -> TuneReport:
    return make_report(6, objectives=1)


def test_the_ending_says_the_form_and_the_path_comes_back(report: TuneReport, tmp_path: Path) -> None:
    written = persopt.export_study(report, "trials.csv")
    assert written == tmp_path / "trials.csv"
    rows = list(csv.DictReader(io.StringIO(written.read_text("utf-8"))))
    assert [row["params.optim"] for row in rows] == [trial.params["optim"] for trial in report.trials]
    read = msgspec.json.decode(persopt.export_study(report, "all.txt", format="json").read_bytes(), type=TuneReport)
    bare = [msgspec.structs.replace(trial, attributes={}) for trial in report.trials]
    assert read.trials == bare
    assert (read.curves, read.spec, read.importances) == (report.curves, report.spec, report.importances)
    assert persopt.export_study(read, "study.db").read_bytes()[:15] == b"SQLite format 3"


def test_nothing_is_overwritten_unless_asked(report: TuneReport, tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text("mine")
    with pytest.raises(ConflictError, match=r"old\.csv exists already"):
        persopt.export_study(report, "old.csv")
    assert (tmp_path / "old.csv").read_text() == "mine"
    persopt.export_study(report, "old.csv", overwrite=True)
    assert (tmp_path / "old.csv").read_text("utf-8").startswith("number,state,")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ConflictError, match="exists already"):
        persopt.export_study(report, "folder.csv", overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.csv", "old.csv"]


def test_what_cannot_be_is_told_in_words(report: TuneReport, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot tell the format from 'study'"):
        persopt.export_study(report, "study")
    with pytest.raises(InputError, match=r"format: no such format.*'optuna'"):
        persopt.export_study(report, "study", format="optnua")
    with pytest.raises(OutputError, match="cannot be written"):
        persopt.export_study(report, "no/such/folder/a.csv")
    with pytest.raises(InputError, match="does not know its search space"):
        persopt.export_study(msgspec.structs.replace(report, spec=None), "a.db")
    with pytest.raises(InputError, match=r"language: no such language.*'fa'"):
        persopt.write_report(report, "a.html", language="fr")  # type: ignore[arg-type]  # what is tested
    assert list(tmp_path.iterdir()) == []


def test_the_html_report_is_in_the_language_asked_for_or_the_specs_own(report: TuneReport) -> None:
    assert 'lang="fa" dir="rtl"' in persopt.write_report(report, "fa.html", language="fa").read_text("utf-8")
    assert 'lang="en" dir="ltr"' in persopt.write_report(report, "own.html").read_text("utf-8")
