"""Whatever a spec says, nothing of it is ever read by a shell: real jobs whose every name would start one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from persopt.server.routes.jobs import spec_types
from tests.server.serving import API, open_workspace, serve
from tests.support.tiny_models import make_tiny_model

ATTACKS = (
    "a; touch owned1 #",
    "$(touch owned2)",
    "`touch owned3`",
    "a | touch owned4",
    "a && touch owned5 &",
    "' ; touch owned6 ; '",
    '"; touch owned7; "',
    "-exec touch owned8",
    "%(touch owned9)s {touch} ${IFS}",
)
LINES = "a\ntouch owned0\n"
EVERYTHING = " ".join(ATTACKS)

PROGRAM = """
import json, sys
print("value:", 1.0)
open(sys.argv[1] + "/seen.jsonl", "a").write(json.dumps(sys.argv[2:]) + "\\n")
"""


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[Path, httpx.Client]]:
    """A workspace whose jobs are run, commands allowed, and a client of its server."""
    with (
        open_workspace(tmp_path, allow_commands=True) as runtime,
        runtime.supervisor(capacity=2),
        serve(runtime) as client,
    ):
        yield runtime.settings.workspace, client


def finish(client: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Create a job, wait for its end, and return it."""
    made = client.post(f"{API}/{path}", json=body)
    assert made.status_code == 202, made.text
    where = f"{API}/jobs/{made.json()['id']}"
    with client.stream("GET", f"{where}/log", params={"follow": "true"}, timeout=200) as answer:
        assert any(line == "event: end" for line in answer.iter_lines())
    job: dict[str, Any] = client.get(where).json()
    assert job["state"] == "succeeded", json.dumps(job["fault"])
    return job


def owned(folder: Path) -> list[str]:
    return [str(file) for file in folder.rglob("owned?")] + [str(file) for file in Path.cwd().rglob("owned?")]


def test_a_pruning_and_a_comparison_of_such_names(running: tuple[Path, httpx.Client], tmp_path: Path) -> None:
    home, client = running
    names = [f"models/{attack}" for attack in ATTACKS]
    make_tiny_model(home / names[0])
    body = {"name": EVERYTHING, "modelPath": names[0], "outputPath": names[1], "config": {"sparseCopy": True}}
    job = finish(client, "prune", {**body, "measureLatency": False})
    assert job["spec"]["name"] == EVERYTHING
    assert (home / names[1] / "model.safetensors").is_file()
    compared: dict[str, Any] = {"name": LINES, "modelPaths": names[:2], "labels": list(ATTACKS[3:5])}
    finish(client, "compare", {**compared, "memory": False, "seconds": 0.05, "lengths": [8], "batchSizes": [1]})
    assert owned(tmp_path) == []


def test_each_value_is_one_word_of_a_command(running: tuple[Path, httpx.Client], tmp_path: Path) -> None:
    home, client = running
    folder = tmp_path / ATTACKS[0]
    folder.mkdir()
    (folder / "program.py").write_text(PROGRAM)
    values = [*ATTACKS, LINES, EVERYTHING]
    body = {
        "name": EVERYTHING,
        "command": f"{{python}} program.py {home} {{value}} before-{{value}}-after '; touch owned1' $(touch owned2)",
        "workingDirectory": str(folder),
        "config": {"value": values},
        "strategy": "grid",
        "objectives": [{"metric": "value"}],
    }
    finish(client, "jobs", body)
    seen = [json.loads(line) for line in (home / "seen.jsonl").read_text().splitlines()]
    assert sorted(words[0] for words in seen) == sorted(values)
    for words in seen:
        assert words[1:] == [f"before-{words[0]}-after", "; touch owned1", "$(touch", "owned2)"]
    assert owned(tmp_path) == []


@pytest.mark.parametrize("kind", list(spec_types()))
def test_every_string_of_every_spec(running: tuple[Path, httpx.Client], tmp_path: Path, kind: str) -> None:
    """One field at a time, at any depth, beside a model that is not there: looked at, and nothing comes of it."""
    _, client = running
    made = []
    for path, field_body in string_fields(spec_types()[kind]):  # type: ignore[index]
        for attack in (EVERYTHING, LINES):
            body = {"kind": kind, **BASE[kind], **field_body(attack)}
            answer = client.post(f"{API}/jobs", json=body)
            assert answer.status_code in (202, 422), (path, answer.text)
            made += [answer.json()["id"]] if answer.status_code == 202 else []
    for job in made:
        client.post(f"{API}/jobs/{job}/cancel")
    assert owned(tmp_path) == []


BASE: dict[str, dict[str, Any]] = {
    "tune": {"baseModelPath": "models/none"},
    "prune": {"modelPath": "models/none", "outputPath": "models/out"},
    "quantize": {"modelPath": "models/none", "outputPath": "models/out"},
    "compare": {"modelPaths": ["models/none"]},
    "compress": {"modelPath": "models/none"},
}


def string_fields(kind: type[msgspec.Struct]) -> Iterator[tuple[str, Any]]:
    """Give each place of a spec where a text may stand, with what makes a body of a text there."""
    yield from places(msgspec.inspect.type_info(kind))


def places(info: Any) -> Iterator[tuple[str, Any]]:
    match info:
        case msgspec.inspect.Metadata(type=inner):
            yield from places(inner)
        case msgspec.inspect.StrType() | msgspec.inspect.AnyType():
            yield "", lambda text: text
        case msgspec.inspect.UnionType(types=arms):
            for arm in arms:
                yield from places(arm)
        case msgspec.inspect.ListType(item_type=inner):
            yield from wrap("[]", inner, lambda text, make: [make(text)])
        case msgspec.inspect.DictType(value_type=inner):
            yield from wrap("{}", inner, lambda text, make: {text: make(text), "x": make(text)})
        case msgspec.inspect.StructType(fields=fields):
            for field in fields:
                name = field.encode_name
                yield from wrap(f".{name}", field.type, lambda text, make, name=name: {name: make(text)})


def wrap(prefix: str, inner: Any, around: Any) -> Iterator[tuple[str, Any]]:
    for name, make in places(inner):
        yield prefix + name, lambda text, make=make: around(text, make)
