from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

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


WITHOUT_LINKS: Final = """
import errno, sys
from pathlib import Path
import persopt
from persopt.domain.errors import ConflictError
from tests.support.reports import make_report
late = False
def refuse(event, arguments):  # Python asks such hooks before it makes a hard link
    if event == "os.link":
        if late:
            Path("late.json").write_text("mine")
        raise PermissionError(errno.EPERM, "Operation not permitted")
sys.addaudithook(refuse)
report = make_report(2, objectives=1)
persopt.export_study(report, "study.json")
late = True
try:
    persopt.export_study(report, "late.json")
except ConflictError as error:
    print(error)
"""


def test_a_file_system_without_hard_links_will_do(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", WITHOUT_LINKS]
    done = subprocess.run(command, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "late.json exists already" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["late.json", "study.json"]
    assert (tmp_path / "late.json").read_text() == "mine"
    assert len(msgspec.json.decode((tmp_path / "study.json").read_bytes(), type=TuneReport).trials) == 2


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
