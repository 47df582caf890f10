"""All results of a job as one zip: what is in it, at any time of the job, and what never is."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import httpx
import pytest

import persopt
from persopt.domain.errors import ConflictError
from persopt.domain.prune_specs import PruneSpec
from persopt.kernel.job_archive import stream_archive
from persopt.runtime import Runtime
from tests.server.serving import API, add_job, add_trials
from tests.support.tiny_models import make_tiny_model


def fetch(client: httpx.Client, job_id: str, **query: str) -> zipfile.ZipFile:
    answer = client.get(f"{API}/jobs/{job_id}/archive", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    assert job_id in answer.headers["content-disposition"]
    opened = zipfile.ZipFile(io.BytesIO(answer.content))
    assert opened.testzip() is None
    return opened


def names_in(opened: zipfile.ZipFile, root: str) -> set[str]:
    names = opened.namelist()
    assert all(name.startswith(f"{root}/") for name in names)
    return {name.removeprefix(f"{root}/") for name in names}


def test_a_pruning_with_and_without_its_model(runtime: Runtime, client: httpx.Client, tmp_path: Path) -> None:
    home = runtime.settings.workspace
    source = make_tiny_model(home / "models" / "small")
    spec = PruneSpec(model_path=str(source), output_path=str(home / "models" / "cut"), measure_latency=False)
    job = runtime.run(spec)
    assert job.state == "succeeded", job.fault
    root = f"persopt-prune-{job.id}"
    plain = fetch(client, job.id)
    folder = runtime.kernel.folder(job.id)
    made = {f"artifacts/{path.name}" for path in folder.artifacts.iterdir()}
    assert "artifacts/sparsity.csv" in made
    assert names_in(plain, root) == made | {"job.json", "spec.json", "report.json", "log.jsonl"}
    for name in ("spec.json", "report.json", "log.jsonl"):
        assert plain.read(f"{root}/{name}") == (folder.path / name).read_bytes()
    assert json.loads(plain.read(f"{root}/job.json"))["state"] == "succeeded"
    whole = fetch(client, job.id, model="true")
    files = {path.name for path in (home / "models" / "cut").iterdir()}
    assert names_in(whole, root) - names_in(plain, root) == {f"model/{name}" for name in files}
    weights = whole.read(f"{root}/model/model.safetensors")
    assert weights == (home / "models" / "cut" / "model.safetensors").read_bytes()
    assert b"".join(stream_archive(runtime.kernel, job)) != b""
    written = persopt.download_results(job.id, tmp_path / "all.zip", model=True, home=home)
    assert zipfile.ZipFile(written).namelist() == whole.namelist()
    with pytest.raises(ConflictError, match="exists already"):
        persopt.download_results(job.id, tmp_path / "all.zip", home=home)


def test_a_tuning_that_runs_has_its_trials_so_far(runtime: Runtime, client: httpx.Client) -> None:
    job = add_job(runtime)
    add_trials(runtime, job, 3)
    opened = fetch(client, job.id)
    root = f"persopt-tune-{job.id}"
    assert names_in(opened, root) == {"job.json", "spec.json", "report.json", "artifacts/trials.csv"}
    assert len(opened.read(f"{root}/artifacts/trials.csv").splitlines()) == 4
    report = json.loads(opened.read(f"{root}/report.json"))
    assert (report["endedBy"], len(report["trials"])) == ("running", 3)
    assert "lease" not in json.loads(opened.read(f"{root}/job.json"))
    refused = client.get(f"{API}/jobs/{job.id}/archive", params={"model": "true"})
    assert (refused.status_code, "has no model" in refused.json()["detail"]) == (409, True)


def test_links_and_half_written_files_are_left_out(runtime: Runtime, client: httpx.Client, tmp_path: Path) -> None:
    job = add_job(runtime)
    artifacts = runtime.kernel.folder(job.id).artifacts
    (tmp_path / "secret").write_text("secret")
    (artifacts / "link.txt").symlink_to(tmp_path / "secret")
    (artifacts / ".report.html.part").write_text("half")
    (artifacts / "best-model").mkdir()
    (artifacts / "best-model" / "config.json").write_text("{}")
    (artifacts / "نمودار.svg").write_text("<svg/>")
    found = names_in(fetch(client, job.id), f"persopt-tune-{job.id}")
    assert {name for name in found if name.startswith("artifacts/")} == {"artifacts/trials.csv", "artifacts/نمودار.svg"}


def test_a_log_that_grows_and_a_big_file_come_in_small_pieces(runtime: Runtime) -> None:
    job = add_job(runtime)
    folder = runtime.kernel.folder(job.id)
    folder.log.write_bytes(b"line\n" * 10)
    with (folder.artifacts / "weights.safetensors").open("wb") as file:
        file.truncate(64 << 20)
    pieces = stream_archive(runtime.kernel, job)
    with folder.log.open("ab") as log:
        log.write(b"more\n")
    archive = io.BytesIO()
    longest = 0
    for piece in pieces:
        longest = max(longest, len(piece))
        archive.write(piece)
    assert longest <= 1 << 20
    opened = zipfile.ZipFile(archive)
    root = f"persopt-tune-{job.id}"
    assert opened.read(f"{root}/log.jsonl") == b"line\n" * 10
    assert opened.getinfo(f"{root}/artifacts/weights.safetensors").file_size == 64 << 20


def test_a_model_outside_the_roots_is_not_sent(runtime: Runtime, client: httpx.Client, tmp_path: Path) -> None:
    source = make_tiny_model(runtime.settings.workspace / "models" / "small")
    spec = PruneSpec(model_path=str(source), output_path=str(tmp_path / "elsewhere"), measure_latency=False)
    job = runtime.run(spec)
    assert job.state == "succeeded", job.fault
    assert client.get(f"{API}/jobs/{job.id}/archive").status_code == 200
    refused = client.get(f"{API}/jobs/{job.id}/archive", params={"model": "true"})
    assert (refused.status_code, refused.json()["faults"][0]["path"]) == (422, "query.model")
