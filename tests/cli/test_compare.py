"""`persopt compare` and the jobs that it makes, beside the Python call and the spec file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import persopt
from persopt.cli.compare import _build_spec, compare
from persopt.cli.compare_views import describe_comparison
from persopt.domain.compare_specs import CompareSpec
from persopt.domain.errors import InputError
from persopt.domain.programs import DataSpec, TrainingProgram
from tests.cli.commands import one_object, run_persopt
from tests.support.comparisons import save_variant
from tests.support.tiny_models import VALIDATION_ROWS, make_text_program

QUICK = ("--batch-sizes", "2", "--lengths", "4", "--seconds", "0.01", "--threads", "1")


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainingProgram, str, str]:
    folder = tmp_path_factory.mktemp("texts")
    program = make_text_program(folder)
    one, two = (str(save_variant(program, folder / name, seed)) for seed, name in enumerate(("one", "two")))
    return program, one, two


def _build(*words: str) -> CompareSpec:
    return _build_spec(compare.make_context("compare", list(words)).params)


def test_words_and_a_spec_file_give_the_same_spec(tmp_path: Path) -> None:
    expected = CompareSpec(
        model_paths=["a", "b", "c"],
        labels=["A", "B", "C"],
        dataset_path="d.csv",
        data=DataSpec(text_columns=["text"], label_column="kind"),
        slice_by=["source", "year"],
        batch_sizes=[1, 8],
        lengths=[16],
        speed=False,
        rows=500,
    )
    words = ["a", "b", "c", "--data", "d.csv", "--label", "A", "--label", "B", "--label", "C", "--rows", "500"]
    words += ["--text-column", "text", "--label-column", "kind", "--slice-by", "source", "--slice-by", "year"]
    words += ["--batch-sizes", "1,8", "--lengths", "16", "--speed", "false"]
    assert _build(*words) == expected
    body = {
        "kind": "compare",
        "modelPaths": ["a", "b", "c"],
        "labels": ["A", "B", "C"],
        "datasetPath": "d.csv",
        "data": {"textColumns": ["text"], "labelColumn": "kind"},
        "sliceBy": ["source", "year"],
        "batchSizes": [1, 8],
        "lengths": [16],
        "speed": False,
        "rows": 9,
    }
    (tmp_path / "spec.json").write_text(json.dumps(body), "utf-8")
    assert _build("--spec", str(tmp_path / "spec.json"), "--rows", "500") == expected


def test_bad_words_are_told_all_at_once() -> None:
    with pytest.raises(InputError) as raised:
        _build("a", "b", "--confidence", "2", "--rows", "none")
    assert {fault.path for fault in raised.value.faults} == {"$.confidence", "$.rows"}


def test_a_plan_names_each_model() -> None:
    spec = CompareSpec(model_paths=["/m/a", "/m/b"], labels=["A", "B"], dataset_path="/d.csv", slice_by=["kind"])
    told = describe_comparison(spec)
    assert (told["baseline"], told["model 1"]) == ("A: /m/a", "B: /m/b")
    assert (told["data"], told["rows of"], told["slices by"]) == ("/d.csv", "validation", ["kind"])


def test_a_comparison_is_a_job_whose_result_is_shown(
    texts: tuple[TrainingProgram, str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    program, one, two = texts
    done = run_persopt("compare", one, two, "--data", program.dataset, *QUICK, "--json")
    assert done.returncode == 0, done.stderr
    job = one_object(done)
    report = job["result"]
    assert (job["kind"], job["state"], report["rows"]) == ("compare", "succeeded", VALIDATION_ROWS)
    assert [model["memory"]["peak"] > 0 for model in report["models"]] == [True, True]
    assert report["pairs"][0]["memoryRatio"] > 0
    assert job["environment"]["modelHash"]
    assert Path(report["artifacts"]["differences.csv"]).is_file()
    saved = json.loads((tmp_path / "home" / "jobs" / job["id"] / "report.json").read_text("utf-8"))
    assert saved["verdicts"] == report["verdicts"]
    assert saved["slices"]
    for part in ("two is ", "p by Holm", "peak memory MB", "times as fast", "agreement of two"):
        assert part in done.stderr
    made = run_persopt("jobs", "report", job["id"], "--language", "fa", "-o", "گزارش.html", "--json")
    assert one_object(made)["path"] == str(tmp_path / "گزارش.html")
    lies = tmp_path / "home" / "jobs" / job["id"] / "artifacts" / "report.fa.html"
    assert (tmp_path / "گزارش.html").read_text("utf-8") == lies.read_text("utf-8")


def test_the_function_compares_in_this_program(texts: tuple[TrainingProgram, str, str], tmp_path: Path) -> None:
    program, one, two = texts
    told: list[str] = []
    report = persopt.compare(
        [one, Path(two)],
        program.dataset,
        home=tmp_path,
        memory=False,
        speed=False,
        data_options={"maxValidationRows": 9},
        progress=lambda progress: told.append(progress.message),
    )
    assert (report.rows, report.pairs[0].label, told[-1]) == (9, "two", "done")
    with pytest.raises(InputError) as raised:
        persopt.compare([one, two], home=tmp_path, thread=1, confidence=2)
    assert [fault.path for fault in raised.value.faults] == ["$.thread", "$.confidence"]
    with pytest.raises(InputError, match="expected a list of models"):
        persopt.compare(one, home=tmp_path)
