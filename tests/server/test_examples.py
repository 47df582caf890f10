"""The three bodies of the design are accepted as they stand, and one job runs to its end by the commands alone."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from persopt.runtime import Runtime
from tests.cli.commands import run_persopt, start_persopt
from tests.server.serving import API, open_workspace, serve
from tests.support.tiny_models import make_text_program, make_tiny_model

EVERYWHERE = "0.0.0.0"  # noqa: S104 - this is what is tested

TUNE: dict[str, Any] = {
    "name": "Test Optimization",
    "baseModelPath": "models/bert_fa_base",
    "datasetPath": "datasets/text/parsinlu_rc",
    "outputDir": "models/optimized/test",
    "config": {
        "learningRate": {"min": 1e-5, "max": 1e-3, "distribution": "log_uniform"},
        "batchSize": [8, 16, 32],
        "epochs": {"min": 2, "max": 5},
        "warmupSteps": {"min": 0, "max": 100},
        "weightDecay": {"min": 0, "max": 0.1},
        "dropout": {"min": 0, "max": 0.3},
    },
    "strategy": "random",
    "maxTrials": 5,
}
PRUNE: dict[str, Any] = {
    "modelPath": "models/bert_fa_base",
    "outputPath": "models/pruned/bert_fa_base",
    "config": {"method": "magnitude", "sparsity": 0.5, "structured": False, "gradual": True},
}
QUANTIZE: dict[str, Any] = {
    "modelPath": "models/bert_fa_base",
    "outputPath": "models/quantized/bert_fa_base",
    "config": {"method": "dynamic", "bits": 8, "symmetric": True},
}


def fill(home: Path) -> None:
    """Put a model and a data set where the examples look for them."""
    program = make_text_program(home.parent / "made")
    (home / "datasets" / "text").mkdir(parents=True)
    Path(program.dataset).rename(home / "datasets" / "text" / "parsinlu_rc")
    make_tiny_model(home / "models" / "bert_fa_base")


@pytest.fixture
def filled(tmp_path: Path) -> Any:
    with open_workspace(tmp_path) as runtime:
        fill(runtime.settings.workspace)
        yield runtime


@pytest.mark.parametrize(("path", "body"), [("jobs", TUNE), ("quantize", QUANTIZE), ("prune", PRUNE)])
def test_the_example_is_accepted(filled: Runtime, path: str, body: dict[str, Any]) -> None:
    with serve(filled) as client:
        made = client.post(f"{API}/{path}", json=body)
        assert made.status_code == 202, made.text
        home = filled.settings.workspace
        spec = made.json()["spec"]
        assert spec.get("baseModelPath", spec.get("modelPath")) == str(home / "models/bert_fa_base")
        assert spec.get("outputDir", spec.get("outputPath")) == str(
            home / (body.get("outputDir") or body["outputPath"])
        )


def test_models_and_data_sets_are_listed(filled: Runtime) -> None:
    with serve(filled) as client:
        (model,) = client.get(f"{API}/models").json()["models"]
        assert model["name"] == "models/bert_fa_base"
        assert model["modelType"] == "bert"
        assert model["bytes"] == (filled.settings.models / "bert_fa_base/model.safetensors").stat().st_size
        (dataset,) = client.get(f"{API}/datasets").json()["datasets"]
        assert dataset["name"] == "datasets/text/parsinlu_rc"
        assert dataset["splits"] == {"train": ["train.jsonl"], "validation": ["validation.jsonl"]}
        system = client.get(f"{API}/system").json()
        assert 0 < system["memoryUsed"] < system["memoryTotal"]
        assert len(system["history"]) >= 1
        found = client.get(f"{API}/plugins").json()
        random = next(item for item in found["contributions"] if item["name"] == "random")
        assert (random["kind"], random["options"]["type"]) == ("sampling-strategy", "object")


def test_the_command_serves_and_runs_a_job(tmp_path: Path) -> None:
    fill(tmp_path / "home")
    server = start_persopt("serve", "--port", "0")
    try:
        assert server.stderr is not None
        line = next(line for line in server.stderr if "is served;" in line)
        url = re.findall(r"http://\S+", line)[0]
        with httpx.Client(timeout=60) as client:
            made = client.post(f"{url}/prune", json=PRUNE | {"measureLatency": False}).json()
            with client.stream("GET", f"{url}/jobs/{made['id']}/log", params={"follow": "true"}, timeout=120) as answer:
                assert any(line == "event: end" for line in answer.iter_lines())
            job = client.get(f"{url}/jobs/{made['id']}").json()
            assert job["state"] == "succeeded", json.dumps(job["fault"])
            report = client.get(f"{url}/jobs/{made['id']}/report").json()
            assert report["jobId"] == made["id"]
            metrics = client.get(f"{url.partition('/api')[0]}/metrics").text
            assert 'persopt_jobs{state="succeeded"} 1.0' in metrics
            assert 'persopt_http_request_seconds_count{method="POST",route="/api/optimization/prune"' in metrics
    finally:
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=60)
    assert (server.returncode, out) == (130, ""), err


def test_outside_loopback_a_token_is_made_and_shown_once(tmp_path: Path) -> None:
    del tmp_path
    shown = []
    for _ in range(2):
        server = start_persopt("studio", "--host", EVERYWHERE, "--port", "0", "--capacity", "0")
        try:
            assert server.stderr is not None
            said = []
            for line in server.stderr:
                said.append(line)
                if "is served;" in line:
                    break
            assert "is served;" in said[-1], said
            port = re.findall(r":(\d+)/api", said[-1])[0]
            tokens = [line.split()[-1] for line in said if line.startswith("token to run")]
            shown.append(tokens)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
                assert client.get(f"{API}/jobs").status_code == 401
                token = shown[0][0]
                assert client.get(f"{API}/jobs", headers={"Authorization": f"Bearer {token}"}).status_code == 200
                home = client.get("/", headers={"Authorization": f"Bearer {token}"})
                assert "make studio" in home.text
            assert any("make studio" in line for line in said)
        finally:
            server.send_signal(signal.SIGTERM)
            server.communicate(timeout=60)
    assert [len(tokens) for tokens in shown] == [1, 0]


def test_a_port_that_is_taken_is_told_in_words(client: httpx.Client) -> None:
    done = run_persopt("serve", "--port", str(client.base_url.port))
    assert done.returncode == 2
    assert f"cannot listen at 127.0.0.1 port {client.base_url.port}" in done.stderr
    assert "--port 0" in done.stderr
