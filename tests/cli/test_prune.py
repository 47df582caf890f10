"""`persopt prune` and the jobs that it makes, beside the Python call and the spec file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch

import persopt
from persopt.cli.prune import prune
from persopt.cli.prune_building import build_prune_spec
from persopt.domain.errors import ConflictError, InputError
from persopt.domain.jobs import JobRecord
from persopt.domain.prune_reports import PruneReport
from persopt.domain.prune_specs import PruneConfig, PruneSpec
from persopt.domain.prune_training import PruneTraining
from persopt.kernel.builtin_modules import BUILTIN_MODULES
from persopt.plugins.discovery import load_registry
from persopt.plugins.registry import Registry
from persopt.runtime import Runtime
from persopt.settings import Settings, load_settings
from tests.cli.commands import one_object, run_persopt
from tests.models.tiny import save_tiny
from tests.support.prunings import read_tensors


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("models") / "bert")


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry(Settings(), BUILTIN_MODULES)


def build(registry: Registry, *words: str) -> PruneSpec:
    context = prune.make_context("prune", list(words))
    return build_prune_spec(context.params, registry)


def test_words_a_spec_file_and_python_give_the_same_spec(tmp_path: Path, registry: Registry) -> None:
    from persopt.api.spec_building import build_config_spec

    config: dict[str, Any] = {
        "method": "magnitude",
        "methodOptions": {"norm": "l2"},
        "sparsity": 0.7,
        "scope": "global",
        "exclude": ["a.*", "b"],
        "gradual": True,
    }
    (tmp_path / "spec.json").write_text(
        json.dumps({"kind": "prune", "modelPath": "m", "outputPath": "o", "config": config, "seed": 3})
    )
    words = ("--sparsity", "0.7", "--scope", "global", "--exclude", "a.*", "--exclude", "b", "-o", "norm=l2")
    expected = PruneSpec(
        model_path="m",
        output_path="o",
        seed=3,
        config=PruneConfig(
            method_options={"norm": "l2"}, sparsity=0.7, scope="global", exclude=["a.*", "b"], gradual=True
        ),
    )
    assert build(registry, "m", "o", *words, "--gradual", "true", "--seed", "3") == expected
    assert build(registry, "--spec", str(tmp_path / "spec.json")) == expected
    options = {"sparsity": 0.7, "scope": "global", "exclude": ["a.*", "b"], "method_options": {"norm": "l2"}}
    assert build_config_spec(PruneSpec, "m", "o", "", {"gradual": True}, options | {"seed": 3}) == expected
    assert build_config_spec(PruneSpec, "m", "o", "", expected.config, {"seed": 3}) == expected


def test_the_training_is_said_by_flags_a_file_and_python_alike(tmp_path: Path, registry: Registry) -> None:
    from persopt.api.spec_building import build_config_spec

    training = {"schedule": "linear", "pruningSteps": 4, "recoveryEpochs": 0.5, "distill": True, "timeLimit": 60.0}
    (tmp_path / "spec.json").write_text(
        json.dumps({"modelPath": "m", "outputPath": "o", "datasetPath": "d", "training": training})
    )
    words = ("--schedule", "linear", "--pruning-steps", "4", "--recovery-epochs", "0.5", "--distill", "true")
    spec = build(registry, "m", "o", "--data", "d", *words, "--time-limit", "60")
    assert spec.training == PruneTraining(
        schedule="linear", pruning_steps=4, recovery_epochs=0.5, distill=True, time_limit=60.0
    )
    assert build(registry, "--spec", str(tmp_path / "spec.json")) == spec
    assert build_config_spec(PruneSpec, "m", "o", "d", None, {"training": training}) == spec
    assert build_config_spec(PruneSpec, "m", "o", "d", None, {"training": spec.training}) == spec


def test_flags_go_before_the_file(tmp_path: Path, registry: Registry) -> None:
    (tmp_path / "spec.toml").write_text('modelPath = "m"\noutputPath = "o"\n[config]\nsparsity = 0.2\nscope = "row"\n')
    spec = build(registry, "--spec", str(tmp_path / "spec.toml"), "--sparsity", "0.4")
    assert (spec.config.sparsity, spec.config.scope) == (0.4, "row")


def test_every_fault_of_the_words_is_told(registry: Registry) -> None:
    with pytest.raises(InputError) as caught:
        build(registry, "m", "o", "--sparsity", "1.5", "--pattern", "x", "-o", "nrm=l2")
    assert {fault.path for fault in caught.value.faults} >= {
        "$.config.sparsity",
        "$.config.pattern",
        "$.config.methodOptions.nrm",
    }


def test_the_command_makes_a_job_that_is_listed_shown_and_logged_like_any(tmp_path: Path, model: Path) -> None:
    done = run_persopt("prune", str(model), "out", "--sparsity", "0.5", "--name", "هرس", "--json")
    assert done.returncode == 0, done.stderr
    job = one_object(done)
    assert (job["kind"], job["state"], job["trials"], job["best"]) == ("prune", "succeeded", [], None)
    assert job["result"]["sparsity"] == pytest.approx(0.5, abs=1e-3)
    assert job["environment"]["modelHash"]
    latency = job["result"]["latency"]
    assert 0 < latency["low"] <= latency["speedup"] <= latency["high"]
    assert latency["confidence"] >= 0.95
    assert (tmp_path / "out" / "model.safetensors").is_file()
    listed = run_persopt("jobs", "list", "--kind", "prune")
    assert job["id"] in listed.stdout
    assert "هرس" in listed.stdout
    shown = run_persopt("jobs", "show", job["id"])
    assert shown.returncode == 0, shown.stderr
    for words in ("magnitude", "sparse encoding", "times as fast", "faster on dense hardware", "sparsity.svg"):
        assert words in shown.stdout
    with Runtime.open(load_settings({}, home=str(tmp_path / "home"))) as runtime:
        assert "succeeded" in runtime.kernel.log(job["id"])
        with pytest.raises(ConflictError, match="only a tuning has a study to report"):
            runtime.kernel.report(job["id"])
        assert runtime.kernel.totals().total_optimizations == 0  # that counts tunings


def test_python_prunes_here_and_as_a_durable_job_alike(tmp_path: Path, model: Path) -> None:
    asked: dict[str, Any] = {"sparsity": 0.6, "scope": "global", "measure_latency": False, "home": tmp_path / "home"}
    here = persopt.prune(model, tmp_path / "here", **asked)
    job = persopt.prune(model, tmp_path / "job", **asked, durable=True)
    assert (here.job_id, here.tensors, here.after) == (None, job.tensors, job.after)
    one, other = read_tensors(tmp_path / "here"), read_tensors(tmp_path / "job")
    assert all(torch.equal(tensor, other[name]) for name, tensor in one.items())
    assert here._repr_html_().count("<tr") == 1 + sum(tensor.pruned for tensor in here.tensors)
    with pytest.raises(InputError, match=r"spasity: unknown option; did you mean 'sparsity'\?"):
        persopt.prune(model, tmp_path / "x", spasity=0.6, home=tmp_path / "home")


def test_a_cancelled_job_leaves_no_output_and_a_resume_begins_anew(tmp_path: Path, model: Path) -> None:
    with Runtime.open(load_settings({}, home=str(tmp_path / "home"))) as runtime:
        spec = PruneSpec(model_path=str(model), output_path=str(tmp_path / "out"), measure_latency=False)
        job = runtime.kernel.submit(spec)
        with pytest.raises(InputError, match=f"outputPath: .* is in use: job {job.id}, which is queued"):
            runtime.kernel.submit(spec)
        asked = False

        def cancel(now: JobRecord) -> None:
            nonlocal asked
            if now.lease is not None and not asked:
                asked = True
                runtime.kernel.cancel(now.id)

        with runtime.supervisor(only=job.id):
            job = runtime.wait(job.id, cancel, timeout=120)
        assert job.state == "cancelled"
        assert not [path for path in tmp_path.iterdir() if "out" in path.name]
        runtime.kernel.resume(job.id)
        with runtime.supervisor(only=job.id):
            job = runtime.wait(job.id, timeout=120)
        assert job.state == "succeeded", job.fault
        report = msgspec.json.decode(runtime.kernel.folder(job.id).report.read_bytes(), type=PruneReport)
    assert report.job_id == job.id
    assert (tmp_path / "out" / "model.safetensors").is_file()
