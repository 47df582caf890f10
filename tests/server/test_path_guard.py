"""Paths that come over HTTP stay inside the roots, whatever is written and wherever links lead."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from persopt.domain.errors import InputError
from persopt.domain.specs import JobSpec
from persopt.runtime import Runtime
from persopt.server.path_guard import PathGuard, safe_join
from persopt.server.spec_guard import CODE_FIELDS, INPUT_FIELDS, OUTPUT_FIELDS
from persopt.settings import Settings, load_settings
from tests.server.serving import API, add_job, open_workspace, serve
from tests.support.tiny_models import make_tiny_model


@pytest.fixture
def places(tmp_path: Path) -> Settings:
    """A workspace, an allowed root and a place outside, with links that lead from the ones to the other."""
    for name in ("home/models/ours", "home/datasets", "home/nats", "root/model", "outside/secret", "home-evil"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "home/persopt.db").write_text("")
    (tmp_path / "home/nats/connection.json").write_text('{"token": "secret"}')
    (tmp_path / "home/models/link").symlink_to(tmp_path / "outside")
    (tmp_path / "home/models/loop").symlink_to(tmp_path / "home/models/loop")
    (tmp_path / "root/link").symlink_to("../outside/secret")
    return load_settings({}, home=str(tmp_path / "home"), allowed_roots=[str(tmp_path / "root")])


ATTACKS = (
    "../outside",
    "models/../../outside",
    "models/link",
    "models/link/secret",
    "models/link/../outside",
    "models/loop",
    "/etc/passwd",
    "//etc/passwd",
    "/proc/self/environ",
    "~/.ssh/id_rsa",
    "~root",
    "nats/connection.json",
    "nats",
    "./nats/../nats/connection.json",
    "persopt.db",
    "persopt.toml",
    "models\0/ours",
    "models/ours\n",
    "a" * 300,
    "a/" * 3000,
    "{outside}/secret",
    "{root}/link",
    "{root}/../outside",
    "{home}-evil",
)


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("kind", ["models", "datasets"])
def test_an_attack_is_refused_or_stays_inside(places: Settings, attack: str, kind: str) -> None:
    base = places.workspace.parent
    given = attack.replace("{outside}", str(base / "outside")).replace("{root}", str(base / "root"))
    given = given.replace("{home}", str(places.workspace))
    guard = PathGuard(places)
    for path, output in (("$.modelPath", False), ("$.outputPath", True)):
        try:
            found = guard.check_output(given, path) if output else guard.check_input(given, path, kind)
        except InputError as error:
            faults = error.faults
        else:  # an id of the hub, or a new folder inside
            assert not Path(found).exists()
            continue
        assert [fault.path for fault in faults] == [path]
        assert "secret" not in faults[0].message.replace(repr(given[:80]), "")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(["..", ".", "models", "link", "ours", "root", "", "/", "outside", "．．", "‥", "\\.."]))
)
@example(["models", "link", "secret"])
@example(["．．", "．．", "outside"])
def test_whatever_is_written_nothing_outside_is_reached(places: Settings, parts: list[str]) -> None:
    guard, base = PathGuard(places), places.workspace.parent
    roots = (places.workspace.resolve(), (base / "root").resolve())
    for prefix in ("", f"{base}/", f"{places.workspace}/"):
        for output in (False, True):
            text = prefix + "/".join(parts)
            try:
                found = guard.check_output(text, "$.p") if output else guard.check_input(text, "$.p", "models")
            except InputError:
                continue
            if found.strip() and Path(found).is_absolute():
                assert any(Path(found).resolve().is_relative_to(root) for root in roots)
            else:
                assert ".." not in found.split("/")


def test_good_paths_are_made_absolute(places: Settings) -> None:
    guard, home = PathGuard(places), places.workspace
    root = home.parent / "root"
    for text in ("models/ours", "ours", str(home / "models/ours")):
        assert guard.check_input(text, "$.p", "models") == str(home / "models/ours")
    assert guard.check_input(str(root / "model"), "$.p", "models") == str(root / "model")
    assert guard.check_input("org/some-model", "$.p", "models") == "org/some-model"
    assert guard.check_input("models/not_there", "$.p", "models") == str(home / "models/not_there")
    assert guard.check_output("models/pruned/new", "$.p") == str(home / "models/pruned/new")
    assert guard.check_output(str(root / "new"), "$.p") == str(root / "new")


@pytest.mark.parametrize("place", ["jobs/x", "datasets/x", "models", ".", "cache/x", ".hidden"])
def test_nothing_is_written_over_what_persopt_keeps(places: Settings, place: str) -> None:
    with pytest.raises(InputError):
        PathGuard(places).check_output(place, "$.outputPath")


def test_every_field_of_every_spec_that_names_a_path_is_guarded() -> None:
    known = {*INPUT_FIELDS, *OUTPUT_FIELDS, *CODE_FIELDS}
    for kind in get_args(JobSpec):
        named = {field.name for field in msgspec.structs.fields(kind)}
        suspicious = {name for name in named if name.endswith(("path", "paths", "dir", "directory", "file", "folder"))}
        assert suspicious <= known, kind


@pytest.mark.parametrize(
    "given",
    [
        {"command": "sh -c 'touch owned' {x}"},
        {"function": "os:system"},
        {"functionPath": ["/tmp"], "function": "m:f"},  # noqa: S108 - what an attacker writes
    ],
)
def test_no_program_is_run_unless_the_operator_allows_it(client: httpx.Client, given: dict[str, Any]) -> None:
    answer = client.post(f"{API}/jobs", json={"config": {"x": [1]}, "maxTrials": 1, **given})
    assert answer.status_code == 422
    codes = {fault["path"]: fault["code"] for fault in answer.json()["faults"]}
    assert {codes[f"$.{name}"] for name in given} == {"forbidden"}
    assert client.get(f"{API}/jobs").json()["total"] == 0


def test_all_faults_come_at_once_with_their_paths(client: httpx.Client) -> None:
    body = {"modelPath": 3, "outputPth": "x", "config": {"sparsity": 2, "structured": "yes"}}
    faults = {fault["path"]: fault["message"] for fault in client.post(f"{API}/prune", json=body).json()["faults"]}
    assert set(faults) == {"$.modelPath", "$.outputPth", "$.config.sparsity", "$.config.structured"}
    assert "did you mean 'outputPath'" in faults["$.outputPth"]


def test_an_unknown_name_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with open_workspace(tmp_path) as runtime, serve(runtime) as client:
        make_tiny_model(runtime.settings.models / "tiny")
        body = {"modelPath": "tiny", "outputPath": "models/out", "config": {"method": "magnitud"}}
        answer = client.post(f"{API}/prune", json=body)
        assert answer.status_code == 422
        assert "did you mean 'magnitude'" in answer.text
        (fault,) = client.post(f"{API}/jobs", json={"kind": "tunes"}).json()["faults"]
        assert fault["path"] == "$.kind"
        assert "did you mean 'tune'" in fault["message"]


def test_a_pickle_and_remote_code_are_refused(tmp_path: Path) -> None:
    with open_workspace(tmp_path) as runtime, serve(runtime) as client:
        model = make_tiny_model(runtime.settings.models / "tiny")
        body = {"modelPath": "models/tiny", "outputPath": "models/out"}
        config = model / "config.json"
        good = config.read_bytes()
        plain = msgspec.json.decode(good)
        config.write_bytes(msgspec.json.encode(plain | {"auto_map": {"AutoModel": "evil.Model"}}))
        assert "auto_map" in client.post(f"{API}/prune", json=body).json()["detail"]
        config.write_bytes(good)
        weights = model / "model.safetensors"
        whole = weights.read_bytes()
        weights.write_bytes((1 << 60).to_bytes(8, "little") + whole[8:])
        assert client.post(f"{API}/prune", json=body).status_code == 422
        weights.rename(model / "pytorch_model.bin")
        assert "pickle" in client.post(f"{API}/prune", json=body).json()["detail"]
        assert client.get(f"{API}/jobs").json()["total"] == 0


def test_a_name_of_an_artifact_reaches_nothing_else(tmp_path: Path, runtime: Runtime, client: httpx.Client) -> None:
    job = add_job(runtime)
    folder = runtime.kernel.folder(job.id)
    (tmp_path / "secret").write_text("secret")
    (folder.artifacts / "link").symlink_to(tmp_path / "secret")
    (folder.artifacts / "up").symlink_to("..")
    (folder.artifacts / "good.csv").write_text("a,b\n")
    for name in (
        "../spec.json",
        "%2e%2e/spec.json",
        "..%2fspec.json",
        "link",
        "up/spec.json",
        "%2fetc%2fpasswd",
        "%00",
    ):
        answer = client.get(f"{API}/jobs/{job.id}/artifacts/{name}")
        assert answer.status_code in (400, 404), name
        assert "fault test" not in answer.text
        assert answer.text.count("secret") == 0
    listed = client.get(f"{API}/jobs/{job.id}/artifacts").json()["artifacts"]
    assert [item["name"] for item in listed] == ["good.csv"]
    assert safe_join(folder.artifacts, "good.csv") == (folder.artifacts / "good.csv").resolve()
    assert safe_join(folder.artifacts, "a\0b") is None
    assert safe_join(folder.artifacts, "x" * 5000) is None
