"""`persopt quantize` and the jobs that it makes, beside the Python call and the spec file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import persopt
from persopt.api.spec_building import build_config_spec
from persopt.cli.quantize import quantize
from persopt.cli.quantize_building import build_quantize_spec
from persopt.domain.errors import InputError
from persopt.domain.jobs import JobRecord
from persopt.domain.quantize_specs import QuantizeConfig, QuantizeSpec, QuantizeTraining
from persopt.kernel.builtin_modules import BUILTIN_MODULES
from persopt.models.manifest import read_manifest
from persopt.plugins.discovery import load_registry
from persopt.plugins.registry import Registry
from persopt.runtime import Runtime
from persopt.settings import Settings, load_settings
from tests.cli.commands import one_object, run_persopt
from tests.models.tiny import save_tiny


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("models") / "bert")


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry(Settings(), BUILTIN_MODULES)


def build(registry: Registry, *words: str) -> QuantizeSpec:
    context = quantize.make_context("quantize", list(words))
    return build_quantize_spec(context.params, registry)


def test_words_a_spec_file_and_python_give_the_same_spec(tmp_path: Path, registry: Registry) -> None:
    config: dict[str, Any] = {
        "method": "weight-only",
        "bits": 4,
        "symmetric": False,
        "keep": ["classifier", "*.0.*"],
        "backend": "torch",
        "backendOptions": {"embeddings": "float"},
    }
    training = {"distill": True, "epochs": 2.0}
    body = {"kind": "quantize", "modelPath": "m", "outputPath": "o", "config": config, "training": training}
    (tmp_path / "spec.json").write_text(json.dumps(body | {"batchSizes": [1, 4], "threads": 2}))
    expected = QuantizeSpec(
        model_path="m",
        output_path="o",
        config=QuantizeConfig(
            method="weight-only",
            bits=4,
            symmetric=False,
            keep=["classifier", "*.0.*"],
            backend="torch",
            backend_options={"embeddings": "float"},
        ),
        training=QuantizeTraining(distill=True, epochs=2.0),
        batch_sizes=[1, 4],
        threads=2,
    )
    words = (
        "--method",
        "weight-only",
        "--bits",
        "4",
        "--symmetric",
        "false",
        "--keep",
        "classifier",
        "--keep",
        "*.0.*",
    )
    more = ("--backend", "torch", "-o", "embeddings=float", "--distill", "true", "--epochs", "2")
    assert build(registry, "m", "o", *words, *more, "--threads", "2", "--batch-sizes", "1,4") == expected
    assert build(registry, "--spec", str(tmp_path / "spec.json")) == expected
    options: dict[str, Any] = {"bits": 4, "symmetric": False, "keep": ["classifier", "*.0.*"], "backend": "torch"}
    options |= {"backend_options": {"embeddings": "float"}, "training": training, "batch_sizes": [1, 4], "threads": 2}
    assert build_config_spec(QuantizeSpec, "m", "o", "", {"method": "weight-only"}, options) == expected


def test_every_fault_of_the_words_is_told(registry: Registry) -> None:
    with pytest.raises(InputError) as caught:
        build(registry, "m", "o", "--bits", "7", "--smoothing", "2", "--backend", "torch", "-o", "embedings=float")
    paths = {fault.path for fault in caught.value.faults}
    assert paths >= {"$.config.bits", "$.config.smoothing", "$.config.backendOptions.embedings"}


def test_how_the_data_set_is_read_is_data_options() -> None:
    spec = build_config_spec(QuantizeSpec, "m", "o", "d", None, {"data_options": {"maxLength": 16}})
    assert spec.data.max_length == 16


def test_the_command_makes_a_job_that_is_listed_shown_and_logged_like_any(tmp_path: Path, model: Path) -> None:
    words = ("--backend", "torch", "--bits", "16", "--batch-sizes", "1", "--lengths", "8", "--measure-memory", "false")
    done = run_persopt("quantize", str(model), "out", *words, "--threads", "1", "--name", "کوانتش", "--json")
    assert done.returncode == 0, done.stderr
    job = one_object(done)
    assert (job["kind"], job["state"], job["trials"], job["best"]) == ("quantize", "succeeded", [], None)
    result = job["result"]
    assert result["bytesAfter"] < result["bytesBefore"]
    assert result["config"]["backend"] == "torch"
    assert result["speed"][0]["speedup"]["low"] > 0
    assert job["environment"]["modelHash"]
    assert job["environment"]["versions"]["torchao"]
    shown = run_persopt("jobs", "show", job["id"])
    assert shown.returncode == 0, shown.stderr
    for told in ("16 bits, bf16", "weights on disk", "times as fast", "cosine", "quantized model"):
        assert told in shown.stdout
    assert job["id"] in run_persopt("jobs", "list", "--kind", "quantize").stdout
    assert read_manifest(tmp_path / "out").backend == "torch"


def test_the_help_names_the_backends_and_the_options_of_one() -> None:
    shown = run_persopt("quantize", "--backend", "torch", "--help")
    assert shown.returncode == 0, shown.stderr
    assert "Options of the backend torch" in shown.stdout
    assert "-o embeddings=..." in shown.stdout
    context = quantize.make_context("quantize", [])
    assert "`--backend NAME --help`" in quantize.get_help(context)


def test_python_quantizes_here_and_a_cancelled_job_leaves_no_output(tmp_path: Path, model: Path) -> None:
    asked: dict[str, Any] = {"bits": 32, "backend": "torch", "measure_latency": False, "measure_memory": False}
    report = persopt.quantize(model, tmp_path / "here", **asked, home=tmp_path / "home", threads=1)
    assert report.job_id is None
    assert "32 bits: the weights are the same, written in another form." in report.notes
    assert report.outputs is not None
    assert report.outputs.largest < 1e-5
    with Runtime.open(load_settings({}, home=str(tmp_path / "home"))) as runtime:
        job = runtime.kernel.submit(
            build_config_spec(QuantizeSpec, model, tmp_path / "out", "", None, {"backend": "torch"})
        )
        asked_for_end = False

        def cancel(now: JobRecord) -> None:
            nonlocal asked_for_end
            if now.lease is not None and not asked_for_end:
                asked_for_end = True
                runtime.kernel.cancel(now.id)

        with runtime.supervisor(only=job.id):
            job = runtime.wait(job.id, cancel, timeout=120)
    assert job.state == "cancelled"
    assert not [path for path in tmp_path.iterdir() if "out" in path.name]
