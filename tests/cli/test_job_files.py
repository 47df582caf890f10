from __future__ import annotations

import csv
import zipfile
from pathlib import Path

from tests.cli.commands import one_object, run_persopt, write_functions


def test_a_job_becomes_a_report_in_another_language_and_a_file_for_others(tmp_path: Path) -> None:
    write_functions(tmp_path)
    tuned = run_persopt("tune", "--function", "tried:square", "-p", "x=1,2,3,4,5,6", "--strategy", "grid")
    assert tuned.returncode == 0, tuned.stderr
    shown = {line.split()[0]: line for line in tuned.stdout.splitlines() if line.strip()}
    assert "x 100% (from fewer than fifty trials" in shown["mattered"]
    assert Path(shown["report.html"].split()[1]).is_file()
    assert "SVG files in" in shown["plots"]
    job = one_object(run_persopt("jobs", "list", "--json"))["jobs"][0]
    assert job["result"]["importances"] == {"value": {"x": 1.0}}
    assert (job["result"]["curves"], job["result"]["spec"]) == ([], None)

    made = run_persopt("jobs", "report", job["id"], "--language", "fa", "-o", "گزارش.html", "--json")
    assert one_object(made)["path"] == str(tmp_path / "گزارش.html")
    html = (tmp_path / "گزارش.html").read_text("utf-8")
    assert 'lang="fa"' in html
    assert "۶ آزمایش" in html
    written = run_persopt("jobs", "export", job["id"], "-o", "trials.csv")
    assert written.stdout.strip() == str(tmp_path / "trials.csv")
    with (tmp_path / "trials.csv").open(encoding="utf-8") as file:
        assert sorted(row["params.x"] for row in csv.DictReader(file)) == ["1", "2", "3", "4", "5", "6"]
    taken = run_persopt("jobs", "download", job["id"][:8], "all.zip")
    assert taken.stdout.strip() == str(tmp_path / "all.zip")
    with zipfile.ZipFile("all.zip") as archive:
        held = archive.read(f"persopt-tune-{job['id']}/artifacts/trials.csv")
    assert held == (tmp_path / "home" / "jobs" / job["id"] / "artifacts" / "trials.csv").read_bytes()
    again = run_persopt("jobs", "download", job["id"], "all.zip", "--model", "--overwrite")
    assert (again.returncode, "has no model" in again.stderr) == (4, True), again
