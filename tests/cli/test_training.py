from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import one_object, run_persopt
from tests.models.tiny import save_tiny
from tests.support.tiny_tasks import make_language_program

GOOD, BAD = "این فیلم خوب است", "a very bad day"


@pytest.fixture
def _model_and_data(tmp_path: Path) -> None:
    save_tiny(tmp_path / "مدل")
    rows = [f"{GOOD},مثبت" if index % 2 else f"{BAD},منفی" for index in range(40)]
    (tmp_path / "نظرها.csv").write_text("\n".join(["متن,برچسب", *rows]) + "\n", "utf-8")


@pytest.mark.usefixtures("_model_and_data")
def test_a_model_is_tuned_on_persian_data_and_the_best_one_saved(tmp_path: Path) -> None:
    space = ("-p", "learningRate=1e-3..1e-2:log", "-p", "epochs=1", "-p", "batchSize=8")
    result = run_persopt(
        "tune", "مدل", "نظرها.csv", *space, "--max-trials", "2", "--max-length", "16", "--output", "بهترین", "--json"
    )
    assert result.returncode == 0, result.stderr
    for line in ("task      text-classification", "text      متن", "label     برچسب"):
        assert line in result.stderr.splitlines()
    assert "32 train, 8 validation; 2 classes" in result.stderr
    job = one_object(result)
    assert [trial["state"] for trial in job["trials"]] == ["succeeded", "succeeded"]
    assert set(job["best"]["metrics"]) >= {"accuracy", "loss", "f1"}
    assert job["result"]["modelPath"] == str(tmp_path / "بهترین")
    assert (tmp_path / "بهترین" / "model.safetensors").is_file()
    again = run_persopt("tune", "مدل", "نظرها.csv", *space, "--output", "بهترین")
    assert again.returncode == 2
    assert again.stderr.startswith("error: outputDir: ")


@pytest.mark.usefixtures("_model_and_data")
def test_a_column_that_is_not_there_is_named_with_those_that_are() -> None:
    result = run_persopt("tune", "مدل", "نظرها.csv", "--text-column", "text")
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: data.textColumns")
    assert "'متن'" in line
    assert "'برچسب'" in line


def test_a_language_model_is_tuned_on_plain_text_with_and_without_an_adapter(tmp_path: Path) -> None:
    program = make_language_program(tmp_path)
    result = run_persopt(
        *("tune", program.model, program.dataset, "--strategy", "grid", "-p", "loraRank=0,4", "-p", "epochs=1"),
        *("--adapter", "keep", "--max-length", "8", "--output", "best", "--json"),
    )
    assert result.returncode == 0, result.stderr
    for line in ("task      causal-language-modeling", "rows      40 train, 10 validation"):
        assert line in result.stderr.splitlines()
    job = one_object(result)
    assert [trial["state"] for trial in job["trials"]] == ["succeeded", "succeeded"]
    best = min(job["trials"], key=lambda trial: trial["metrics"]["perplexity"])
    assert job["best"]["number"] == best["number"]
    name = "adapter_model.safetensors" if best["params"]["loraRank"] else "model.safetensors"
    assert (tmp_path / "best" / name).is_file()
