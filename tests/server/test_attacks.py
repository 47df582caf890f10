"""Attacks by files and by names: what a model brings along is never run, and no name reaches what it should not."""

from __future__ import annotations

import json
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pytest
from pyarrow import parquet

from persopt.runtime import Runtime
from persopt.server.options import ServerOptions
from persopt.server.tokens import TokenTable
from tests.server.serving import API, add_job, open_workspace, serve
from tests.support.tiny_models import make_tiny_model


class Owner:
    """A pickle that makes a file when it is opened."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return os.mkdir, (str(self._mark),)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[Path, httpx.Client]]:
    """A workspace with a model whose jobs are run, and a client of its server."""
    with open_workspace(tmp_path) as runtime, runtime.supervisor(capacity=1), serve(runtime) as client:
        yield make_tiny_model(runtime.settings.models / "tiny"), client


def prune(client: httpx.Client, **fields: Any) -> httpx.Response:
    body = {"modelPath": "models/tiny", "outputPath": "models/out", "measureLatency": False, **fields}
    return client.post(f"{API}/prune", json=body)


def test_what_lies_beside_the_weights_is_never_run(running: tuple[Path, httpx.Client], tmp_path: Path) -> None:
    """Pickles under every name that a trainer leaves, and modules of the names that a config could ask for."""
    model, client = running
    mark = tmp_path / "owned"
    pickle.loads(pickle.dumps(Owner(mark)))  # noqa: S301 - to show that the attack is one
    mark.rmdir()
    for name in (
        "pytorch_model.bin",
        "optimizer.pt",
        "scheduler.pt",
        "training_args.bin",
        "rng_state.pth",
        "model.pkl",
    ):
        (model / name).write_bytes(pickle.dumps(Owner(mark)))
    for name in (
        "modeling_bert.py",
        "configuration_bert.py",
        "tokenization_bert.py",
        "__init__.py",
        "sitecustomize.py",
    ):
        (model / name).write_text(f"import os\nos.mkdir({str(mark)!r})\n")
    made = prune(client)
    assert made.status_code == 202, made.text
    where = f"{API}/jobs/{made.json()['id']}"
    with client.stream("GET", f"{where}/log", params={"follow": "true"}, timeout=200) as answer:
        assert any(line == "event: end" for line in answer.iter_lines())
    assert client.get(where).json()["state"] == "succeeded"
    assert not mark.exists()
    handed_on = {file.suffix for file in (model.parent / "out").iterdir()}
    assert handed_on.isdisjoint({".bin", ".pt", ".pth", ".pkl"})


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
def test_code_that_a_config_asks_for_is_refused(running: tuple[Path, httpx.Client], tmp_path: Path, name: str) -> None:
    model, client = running
    mark = tmp_path / "owned"
    (model / "evil.py").write_text(f"import os\nos.mkdir({str(mark)!r})\n")
    config = json.loads((model / name).read_text())
    auto_map = {"AutoConfig": "evil.Config", "AutoModel": "evil.Model", "AutoTokenizer": ["evil.Tokenizer", None]}
    (model / name).write_text(json.dumps(config | {"auto_map": auto_map, "trust_remote_code": True}))
    answer = prune(client)
    assert answer.status_code == 422
    assert "auto_map" in answer.text
    assert not mark.exists()
    assert client.get(f"{API}/models").status_code == 200  # the list of models looks at it too
    assert not mark.exists()


def entry(**changes: Any) -> dict[str, Any]:
    return {"dtype": "F32", "shape": [1], "data_offsets": [0, 4], **changes}


DEEP = "[" * 100_000 + "]" * 100_000
HEADERS: dict[str, bytes] = {
    "overlapping": json.dumps({"a": entry(), "b": entry()}).encode(),
    "hole": json.dumps({"a": entry(), "b": entry(data_offsets=[8, 12])}).encode(),
    "backwards": json.dumps({"a": entry(data_offsets=[4, 0])}).encode(),
    "negative": json.dumps({"a": entry(shape=[-1])}).encode(),
    "huge shape": json.dumps({"a": entry(shape=[1 << 62, 1 << 62])}).encode(),
    "larger shape": json.dumps({"a": entry(shape=[2])}).encode(),
    "huge numbers": b'{"a":{"dtype":"F32","shape":[1e999],"data_offsets":[0,' + b"9" * 5000 + b"]}}",
    "numbers as texts": json.dumps({"a": entry(data_offsets=["0", "4"])}).encode(),
    "deep": f'{{"a":{DEEP}}}'.encode(),
    "deep metadata": f'{{"__metadata__":{DEEP},"a":{json.dumps(entry())}}}'.encode(),
    "no text": b"\xff\xfe\xff\xfe",
    "list": b"[]",
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_a_crafted_header_is_refused_in_words(runtime: Runtime, client: httpx.Client, header: bytes) -> None:
    weights = make_tiny_model(runtime.settings.models / "tiny") / "model.safetensors"
    weights.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    answer = prune(client)
    assert answer.status_code == 422, answer.text
    assert "model.safetensors" in answer.text
    assert client.get(f"{API}/models").status_code == 200
    assert client.get(f"{API}/jobs").json()["total"] == 0


@pytest.mark.parametrize("length", [0, 1, 1 << 27, 1 << 40, (1 << 64) - 1])
def test_a_header_that_claims_any_length_is_refused(runtime: Runtime, client: httpx.Client, length: int) -> None:
    weights = make_tiny_model(runtime.settings.models / "tiny") / "model.safetensors"
    weights.write_bytes(length.to_bytes(8, "little") + weights.read_bytes()[8:])
    answer = prune(client)
    assert answer.status_code == 422
    assert "safetensors" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json", "model.safetensors.index.json"])
def test_a_config_nested_too_deep_is_refused(runtime: Runtime, client: httpx.Client, name: str) -> None:
    model = make_tiny_model(runtime.settings.models / "tiny")
    (model / name).write_text(f'{{"weight_map": {DEEP}}}')
    answer = prune(client)
    assert answer.status_code == 422, answer.text
    assert name in answer.text
    assert client.get(f"{API}/models").status_code == 200


def test_a_bomb_of_data_is_refused_before_a_job_is(runtime: Runtime, client: httpx.Client) -> None:
    """128 GiB in 20 kB; what the guard against bombs does is shown in tests/data/test_compressed_files.py."""
    make_tiny_model(runtime.settings.models / "tiny")
    folder = runtime.settings.workspace / "datasets"
    folder.mkdir(exist_ok=True)
    rows = 1 << 17
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["a" * (1 << 20)]))
    table = pa.table({"text": texts, "label": [0, 1] * (rows // 2)})
    parquet.write_table(table, folder / "bomb.parquet", compression="zstd", store_schema=False)
    body = {"baseModelPath": "models/tiny", "datasetPath": "bomb.parquet"}
    answer = client.post(f"{API}/jobs", json=body)
    assert answer.status_code == 422
    assert "unpacks to more than" in answer.text
    assert client.get(f"{API}/datasets").status_code == 200


LOOK_ALIKES = ("１２３４５６", "аbcdef", "abcdef\u200b", "\u202efedcba", "ab\u200bcdef")
ODD_NAMES = ("%00", "%0a", "a" * 5000, "%2e%2e", "%2e%2e%2f%2e%2e%2fetc", "%ff%fe", "%25%30%30", "*", "%", "_" * 20)


@pytest.mark.parametrize("name", [*LOOK_ALIKES, *ODD_NAMES])
def test_a_name_of_a_job_is_that_of_one_job_or_none(runtime: Runtime, client: httpx.Client, name: str) -> None:
    """The signs of SQL's LIKE are no wild cards, and digits of other scripts are no digits."""
    add_job(runtime)
    for rest in ("", "/trials", "/log", "/report", "/artifacts", "/artifacts/x"):
        answer = client.get(f"{API}/jobs/{name}{rest}")
        assert answer.status_code in (400, 404), (rest, answer.text)
    assert client.post(f"{API}/jobs/{name}/cancel").status_code in (400, 404)
    assert client.get(f"{API}/events", params={"job": name}).status_code in (400, 404)
    assert runtime.kernel.jobs()[0].state == "queued"


@pytest.mark.parametrize(
    "body", [{"kind": "prunе"}, {"kind": "ｔｕｎｅ"}, {"kind": "tune\0"}, {"kind": "tune "}, {"ｋｉｎｄ": "prune"}]
)
def test_look_alikes_of_names_are_other_names(client: httpx.Client, body: dict[str, str]) -> None:
    answer = client.post(f"{API}/jobs", json={**body, "modelPath": "x"})
    assert answer.status_code == 422
    assert client.get(f"{API}/jobs").json()["total"] == 0


@pytest.mark.parametrize(
    "host",
    ["ｌｏｃａｌｈｏｓｔ", "local\u017fhost", "bo\u00df.example", "127。0。0。1", "localhost\u00ad", "ⓛocalhost"],
)
def test_look_alikes_of_hosts_are_other_hosts(runtime: Runtime, host: str) -> None:
    """`ß` folds to `ss`, and some stacks take full-width letters and dots for plain ones."""
    with serve(runtime, ServerOptions(hosts=frozenset({"boss.example"}), any_address=True)) as client:
        for encoding in ("utf-8", "latin-1"):
            raw = host.encode(encoding, "ignore")
            if raw.isascii():
                continue
            assert client.get(f"{API}/jobs", headers={b"Host": raw}).status_code in (400, 421)


@pytest.mark.parametrize("position", ["first", "last", "nowhere"])
def test_a_token_is_compared_with_all_in_constant_time(position: str) -> None:
    """Every known digest is compared, by the comparison whose time does not tell; nothing else touches them."""
    tokens = [f"token-of-24-characters-{number:02}" for number in range(5)]
    table = TokenTable.of({"run": tokens[0], "read": tokens[-1]})
    given = {"first": tokens[0], "last": tokens[-1], "nowhere": "x" * 24}[position]
    calls: list[str] = []

    def note(_: Any, event: str, called: Any) -> None:
        if event == "c_call":
            calls.append(called.__name__)

    sys.setprofile(note)
    try:
        role = table.role_of(given)
    finally:
        sys.setprofile(None)
    assert role == {"first": "run", "last": "read", "nowhere": None}[position]
    assert calls.count("compare_digest") == 2
