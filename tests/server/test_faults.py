"""All faults of a body at once: those of its form, and those of the meaning of what is well formed."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest

from persopt.domain.fault_finding import find_faults
from persopt.runtime import Runtime
from persopt.server.routes.jobs import spec_types
from tests.server.serving import API
from tests.support.tiny_models import make_tiny_model


@pytest.fixture
def faults(runtime: Runtime, client: httpx.Client) -> Any:
    make_tiny_model(runtime.settings.models / "tiny")
    (runtime.settings.workspace / "datasets").mkdir(exist_ok=True)
    (runtime.settings.workspace / "datasets" / "rows.csv").write_text("text,label\n" + "a,0\nb,1\n" * 8)

    def ask(path: str, body: dict[str, Any]) -> dict[str, str]:
        answer = client.post(f"{API}/{path}", json=body)
        assert answer.status_code == 422, answer.text
        assert client.get(f"{API}/jobs").json()["total"] == 0
        found = {fault["path"]: fault["message"] for fault in answer.json()["faults"]}
        assert len(found) == len(answer.json()["faults"])
        return found

    return ask


def test_form_registry_options_model_and_paths_of_a_pruning(faults: Any) -> None:
    body = {
        "modelPath": "models/none_such",
        "outputPath": "../outside",
        "seed": "x",
        "confg": 1,
        "config": {"method": "magnitud", "sparsity": 2, "pattern": "4:2"},
    }
    found = faults("prune", body)
    # `config` is not replaced by its defaults for the misspelled `confg`: it is given too.
    assert set(found) == {
        "$.modelPath", "$.outputPath", "$.seed", "$.confg", "$.config.method", "$.config.sparsity", "$.config.pattern",
    }  # fmt: skip
    assert "did you mean 'magnitude'" in found["$.config.method"]


def test_options_of_a_plugin_beside_a_malformed_number(faults: Any) -> None:
    body = {
        "baseModelPath": "models/tiny",
        "datasetPath": "rows.csv",
        "maxTrials": "five",
        "strategy": "bayesian",
        "strategyOptions": {"nStartupTrial": 3},
        "config": {"learningRate": {"min": 1, "max": 0.1}, "epochs": {"min": "a", "max": 2}, "batchSiz": [8]},
    }
    found = faults("jobs", body)
    assert {"$.maxTrials", "$.strategyOptions.nStartupTrial", "$.config.epochs.min", "$.config.batchSiz"} <= set(found)
    assert any(path.startswith("$.config.learningRate") for path in found)
    assert not any(path.startswith(("$.baseModelPath", "$.datasetPath")) for path in found)


def test_what_depends_on_a_malformed_field_is_left_out(faults: Any) -> None:
    """A grid has to know the number of trials and the space; a backend its bits; a pruning its method."""
    assert set(faults("prune", {"modelPath": "models/tiny", "outputPath": "models/out", "config": {"method": 3}})) == {
        "$.config.method"
    }
    config: dict[str, Any] = {"bits": "8", "method": "static"}
    body = {"modelPath": "models/tiny", "outputPath": "models/out", "config": config}
    assert set(faults("quantize", body)) - {"$.datasetPath"} == {"$.config.bits"}
    config = {"method": "magnitude", "include": ["nothing.like"]}
    assert set(faults("prune", {"modelPath": 3, "outputPath": "models/out", "config": config})) == {"$.modelPath"}
    assert set(faults("prune", {"modelPth": "models/tiny", "outputPath": "models/out"})) == {"$.modelPth"}


def test_each_item_of_a_list_is_judged(faults: Any) -> None:
    found = faults("compare", {"modelPaths": ["models/tiny", 3, "/etc", "models/none_such"], "threads": 0})
    assert set(found) == {"$.modelPaths[1]", "$.modelPaths[2]", "$.modelPaths[3]", "$.threads"}
    assert "outside" in found["$.modelPaths[2]"]


def test_a_place_that_is_refused_is_not_looked_at(faults: Any) -> None:
    """Nothing tells whether it is there, whatever else is wrong."""
    for place in ("/etc/passwd", "/etc/none_such"):
        found = faults("prune", {"modelPath": place, "outputPath": "models/out", "seed": "x"})
        assert set(found) == {"$.modelPath", "$.seed"}
        assert "lies outside" in found["$.modelPath"]


GOOD: dict[str, dict[str, Any]] = {
    "tune": {"baseModelPath": "models/tiny", "datasetPath": "rows.csv", "maxTrials": 1},
    "prune": {"modelPath": "models/tiny", "outputPath": "models/out", "config": {"sparsity": 0.5}},
    "quantize": {"modelPath": "models/tiny", "outputPath": "models/out", "config": {"bits": 8}},
    "compare": {"modelPaths": ["models/tiny", "models/tiny"]},
    "compress": {"modelPath": "models/tiny", "datasetPath": "rows.csv", "maxSize": "1 MB"},
}


@pytest.mark.parametrize("kind", GOOD)
def test_one_malformed_field_is_one_fault(faults: Any, kind: str) -> None:
    """What would be accepted but for one field is told of that field alone, whichever it is."""
    spec_type = spec_types()[kind]  # type: ignore[index]
    route = "jobs" if kind == "tune" else kind
    for field in msgspec.structs.fields(spec_type):
        name = field.encode_name
        values: tuple[Any, ...] = (3, [[[]]])
        wrong = next(value for value in values if find_faults({**GOOD[kind], name: value}, spec_type))
        found = set(faults(route, {**GOOD[kind], name: wrong}))
        own = {path for path in found if path.startswith(f"$.{name}")}
        assert own, name
        assert found - ALWAYS.get(kind, set()) <= own, (name, found)


ALWAYS = {"compress": {"$.modelPath", "$.datasetPath"}, "compare": {"$.datasetPath"}}
"""Of the good bodies themselves: the tiny model has no trained head, the rows are few; a task is always of data."""


@pytest.mark.parametrize("body", ["[]", "3", "null", '"x"'])
@pytest.mark.parametrize("path", ["jobs", "prune", "compress"])
def test_what_is_no_object_has_one_fault(client: httpx.Client, path: str, body: str) -> None:
    answer = client.post(f"{API}/{path}", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert [fault["path"] for fault in answer.json()["faults"]] == ["$"]
