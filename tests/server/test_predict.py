"""Models tried on a text over HTTP: which may be named, and that the server itself stays light and leaves no orphan."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from persopt.runtime import Runtime
from tests.cli.commands import start_persopt
from tests.server.serving import API, add_job
from tests.support.comparisons import save_variant
from tests.support.tiny_models import make_text_program

URL = f"{API}/predict"


@pytest.fixture
def models(runtime: Runtime, tmp_path: Path) -> Path:
    """Two classifiers in the workspace's folder of models."""
    place = runtime.settings.models
    program = make_text_program(tmp_path / "made")
    for seed, name in enumerate(("one", "two")):
        save_variant(program, place / name, seed)
    return place


def test_two_models_a_job_and_one_that_is_not_there(
    runtime: Runtime, client: httpx.Client, models: Path, tmp_path: Path
) -> None:
    job, unfinished = add_job(runtime), add_job(runtime, 1)
    runtime.kernel.folder(job.id).report.write_text(json.dumps({"modelPath": str(models / "two")}))
    body: dict[str, Any] = {"models": ["one", str(models / "two"), job.id, "no/such"], "text": "گربه"}
    answer = client.post(URL, json=body, timeout=180)  # the first starts the process
    assert answer.status_code == 200, answer.text
    found = answer.json()["predictions"]
    assert [item["model"] for item in found] == body["models"]
    assert [item["fault"] is None for item in found] == [True, True, True, False]
    assert {item["label"] for item in found[0]["labels"]} == {"animal", "colour", "number"}
    assert sum(item["probability"] for item in found[0]["labels"]) == pytest.approx(1)
    assert found[1]["labels"] == found[2]["labels"] != found[0]["labels"]
    assert "no model 'no/such'" in found[3]["fault"]["message"]
    (late,) = client.post(URL, json={"models": [unfinished.id], "text": "گربه"}).json()["predictions"]
    assert "has no result" in late["fault"]["message"]
    runtime.kernel.folder(job.id).report.write_text(json.dumps({"modelPath": str(tmp_path / "made")}))
    outside = client.post(URL, json={"models": ["one", job.id], "text": "گربه"})
    assert (outside.status_code, outside.json()["faults"][0]["path"]) == (422, "$.models[1]")


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({}, {"$.models", "$.text"}),
        ({"models": [], "text": "a"}, {"$.models"}),
        ({"models": ["a"] * 5, "text": "a"}, {"$.models"}),
        ({"models": ["one"], "text": ""}, {"$.text"}),
        ({"models": ["../x", "one", "/etc", "~/m"], "text": "a"}, {"$.models[0]", "$.models[2]", "$.models[3]"}),
        ({"models": ["one"], "text": "a", "txt": 1}, {"$.txt"}),
    ],
)
def test_bad_bodies_are_refused_with_all_faults(client: httpx.Client, body: dict[str, Any], paths: set[str]) -> None:
    answer = client.post(URL, json=body)
    assert answer.status_code == 422
    assert {fault["path"] for fault in answer.json()["faults"]} == paths


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_the_server_never_loads_torch_and_leaves_no_process(tmp_path: Path, end: signal.Signals) -> None:
    program = make_text_program(tmp_path / "made")
    save_variant(program, tmp_path / "home" / "models" / "one", 1)
    server = start_persopt("serve", "--port", "0", "--capacity", "0")
    try:
        assert server.stderr is not None
        line = next(line for line in server.stderr if "is served;" in line)
        url = re.findall(r"http://\S+", line)[0]
        answer = httpx.post(f"{url}/predict", json={"models": ["one"], "text": "سگ"}, timeout=180)
        assert len(answer.json()["predictions"][0]["labels"]) == 3
        process = psutil.Process(server.pid)
        child = next(item for item in process.children() if "persopt.predicting.worker_main" in item.cmdline())
        assert not [item.path for item in process.memory_maps() if "libtorch" in item.path]
        assert [item.path for item in child.memory_maps() if "libtorch" in item.path]
    finally:
        server.send_signal(end)
        server.communicate(timeout=60)
    child.wait(30)
