from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from persopt.domain.errors import Fault, OutputError
from persopt.domain.objectives import Objective
from persopt.domain.trials import TrialRecord
from persopt.tuning.plots import draw_history
from persopt.tuning.results import trials_table, write_artifacts

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
    artifacts = write_artifacts(folder, TRIALS, OBJECTIVES, "a title")
    assert artifacts == {name: str(folder / name) for name in ("trials.csv", "trials.json", "history.svg")}
    assert sorted(path.name for path in folder.iterdir()) == ["history.svg", "trials.csv", "trials.json"]
    assert (folder / "trials.csv").read_text("utf-8") == trials_table(TRIALS, OBJECTIVES)
    read = msgspec.json.decode((folder / "trials.json").read_bytes())
    assert [row["number"] for row in read] == [0, 1, 2, 3, 4]
    assert read[0]["params"] == {"rate": 1e-5, "kind": "الف,ب"}
    assert all("attributes" not in row for row in read)
    restored = msgspec.convert(read, list[TrialRecord])
    assert restored[1:] == TRIALS[1:]


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_artifacts(tmp_path / "file" / "artifacts", TRIALS, OBJECTIVES)


def texts(path: Path) -> list[str]:
    root = ElementTree.parse(path).getroot()  # noqa: S314 - our own file
    return [" ".join("".join(node.itertext()).split()) for node in root.iter("{http://www.w3.org/2000/svg}text")]


def test_the_plot_is_a_standalone_file_with_its_text_as_text(tmp_path: Path) -> None:
    path = tmp_path / "history.svg"
    draw_history(TRIALS, OBJECTIVES, path, "بهینه‌سازی $1 🙂")
    content = path.read_text("utf-8")
    assert "href=" not in content.replace('xlink:href="#', "")
    shown = texts(path)
    for text in ("trial", "accuracy (maximize)", "loss (minimize)", "best: 0.75 in trial 2", "best so far"):
        assert text in shown
    assert any("$1" in text for text in shown)
    assert {"succeeded", "stopped", "without a value"} <= set(shown)


def test_the_plot_of_the_same_records_is_the_same_file(tmp_path: Path) -> None:
    for name in ("one.svg", "two.svg"):
        draw_history(TRIALS, OBJECTIVES, tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    draw_history(TRIALS[:2], OBJECTIVES, tmp_path / "three.svg")
    assert (tmp_path / "one.svg").read_bytes() != (tmp_path / "three.svg").read_bytes()


@pytest.mark.parametrize("trials", [[], TRIALS[1:2], TRIALS[:1], TRIALS[4:]])
def test_a_plot_of_little_is_a_plot(trials: list[TrialRecord], tmp_path: Path) -> None:
    draw_history(trials, OBJECTIVES, tmp_path / "history.svg")
    assert "accuracy (maximize)" in texts(tmp_path / "history.svg")


def test_drawing_leaves_the_programs_plots_alone(tmp_path: Path) -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    environment = dict(os.environ)
    draw_history(TRIALS, OBJECTIVES, tmp_path / "history.svg")
    assert dict(mpl.rcParams) == before
    assert dict(os.environ) == environment
