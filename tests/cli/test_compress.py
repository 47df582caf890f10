"""`persopt compress` and the jobs that it makes, beside the Python call and the spec file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from persopt.cli.compress import build_compress_spec, compress
from persopt.domain.compress_reports import CompressReport
from persopt.domain.compress_specs import CompressSpec
from persopt.domain.errors import InputError
from persopt.domain.programs import DataSpec
from persopt.kernel.builtin_modules import BUILTIN_MODULES
from persopt.plugins.discovery import load_registry
from persopt.plugins.registry import Registry
from persopt.settings import Settings
from tests.cli.commands import one_object, run_persopt
from tests.support.compressions import make_compressible


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry(Settings(), BUILTIN_MODULES)


def build(registry: Registry, *words: str) -> CompressSpec:
    context = compress.make_context("compress", list(words))
    return build_compress_spec(context.params, registry)


def test_words_and_a_spec_file_give_the_same_spec(tmp_path: Path, registry: Registry) -> None:
    body: dict[str, Any] = {
        "kind": "compress",
        "modelPath": "m",
        "datasetPath": "d",
        "maxAccuracyDrop": 0.5,
        "maxSize": "20MB",
        "techniques": ["pruning", "quantization"],
        "strategyOptions": {"model": "gp"},
        "data": {"labelColumn": "kind"},
    }
    (tmp_path / "spec.json").write_text(json.dumps(body))
    expected = CompressSpec(
        model_path="m",
        dataset_path="d",
        max_accuracy_drop=0.5,
        minimize="size",
        max_size="20MB",
        max_latency="5ms",
        budget="30m",
        techniques=["pruning", "quantization"],
        strategy_options={"model": "gp"},
        data=DataSpec(label_column="kind"),
    )
    more = ("--minimize", "size", "--max-latency", "5ms", "--budget", "30m")
    words = ("m", "d", "--max-accuracy-drop", "0.5", "--max-size", "20MB", "--label-column", "kind")
    assert build(registry, *words, *more, "--techniques", "pruning,quantization", "-o", "model=gp") == expected
    assert build(registry, "--spec", str(tmp_path / "spec.json"), *more) == expected


def test_every_fault_of_the_words_is_told(registry: Registry) -> None:
    words = ("--minimize", "speed", "--max-candidates", "none", "--techniques", "prunning", "-o", "model=tpe,")
    with pytest.raises(InputError) as caught:
        build(registry, "m", "d", *words)
    paths = {fault.path for fault in caught.value.faults}
    assert {"$.minimize", "$.maxCandidates", "$.techniques"} <= paths


def test_a_job_from_the_command_line_to_its_model(tmp_path: Path) -> None:
    """With persopt's own backend; its candidates are trials of the job, its report in the job's folder."""
    model, data = make_compressible(tmp_path)
    limits = ("--max-accuracy-drop", "20", "--minimize", "size", "--max-candidates", "2", "--seconds", "0.02")
    where = ("--home", str(tmp_path / "home"))
    given = (
        "--latency-length",
        "8",
        "--calibration-rows",
        "32",
        "--techniques",
        "quantization",
        "--threads",
        "1",
        "--measure-memory",
        "false",
    )
    done = run_persopt("compress", str(model), str(data), *limits, *given, *where, "--json")
    assert done.returncode == 0, done.stderr
    job = one_object(done)
    assert (job["kind"], job["state"], job["result"]["met"]) == ("compress", "succeeded", True)
    assert [trial["number"] for trial in job["trials"]] == [0, 1]
    assert {trial["state"] for trial in job["trials"]} == {"succeeded"}
    folder = tmp_path / "home" / "jobs" / job["id"]
    assert job["result"]["modelPath"] == str(folder / "model")
    assert (folder / "model" / "example.py").is_file()
    import msgspec

    report = msgspec.json.decode((folder / "report.json").read_bytes(), type=CompressReport)
    assert report.comparison is not None
    assert report.comparison.models[1].path == str(folder / "model")
    shown = run_persopt("jobs", "show", job["id"], *where)
    assert "at most 20 points lost" in shown.stdout
    told = " ".join(done.stderr.split())
    assert "target met" in told
    assert "confirmed" in told
    made = run_persopt("jobs", "report", job["id"], "-o", str(tmp_path / "page.html"), *where)
    assert made.stdout.strip() == str(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert 'lang="en"' in page
    assert all(f"<bdi>{name}</bdi>" in page for name in ("original", "compressed"))
