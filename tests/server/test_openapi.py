"""The OpenAPI document is whole and true: Schemathesis throws what it allows and what it forbids at a real server."""

from __future__ import annotations

import re
from typing import Any

import httpx
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from jsonschema import Draft202012Validator
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from persopt.domain.validation import decode_struct
from persopt.plugins.registry import Registry
from persopt.runtime import Runtime
from persopt.server.app import list_routes
from persopt.server.openapi import make_document
from persopt.server.openapi.operations import all_operations
from persopt.server.routes.jobs import spec_types
from tests.server.serving import API, add_job, add_trials

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
    negative_data_rejection,
]
DOCUMENT = make_document(list_routes(), Registry())
STREAMS = f"{API}/events"


def refs(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*map(refs, value.values()))
    return set().union(*map(refs, value)) if isinstance(value, list) else set()


def test_every_route_is_described_and_every_reference_leads_somewhere(client: httpx.Client) -> None:
    document = client.get(f"{API}/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    described = [one["operationId"] for path in document["paths"].values() for one in path.values()]
    assert sorted(described) == sorted(str(route.name) for route in list_routes())
    for ref in refs(document):
        place = document
        for part in ref.removeprefix("#/").split("/"):
            place = place[part]
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_the_options_of_every_plugin_are_in_it(runtime: Runtime, client: httpx.Client) -> None:
    schemas = client.get(f"{API}/openapi.json").json()["components"]["schemas"]
    for name in runtime.registry.sampling_strategies:
        assert f"Options.sampling-strategy.{name}" in schemas
    assert "nStartupTrials" in schemas["Options.sampling-strategy.bayesian"]["properties"]


def test_every_example_is_accepted_by_the_struct_and_by_the_schema() -> None:
    seen = set()
    for path in DOCUMENT["paths"].values():
        content = path.get("post", {}).get("requestBody", {}).get("content", {}).get("application/json", {})
        for kind, example in content.get("examples", {}).items():
            seen.add(kind)
            body = all_operations()[path["post"]["operationId"]].body
            decode_struct(example["value"], body or spec_types()[kind])
            schema = content["schema"] | {"components": DOCUMENT["components"]}
            Draft202012Validator(schema).validate(example["value"] | ({} if body else {"kind": kind}))
    assert seen >= {"tune", "prune", "quantize", "predict"}


def test_the_reader_loads_nothing_from_elsewhere(client: httpx.Client) -> None:
    answer = client.get(f"{API}/docs")
    assert "script" not in answer.headers["content-security-policy"]
    assert re.findall(r"(?:src|href)=\"([^\"]*)\"|url\(|@import|<script", answer.text) == ["openapi.json"]
    for route in list_routes():
        assert f'id="{route.name}"' in answer.text


@pytest.mark.filterwarnings("ignore")
def test_schemathesis_finds_nothing(runtime: Runtime, client: httpx.Client) -> None:
    job = add_job(runtime)
    add_trials(runtime, job, 3)
    queued = add_job(runtime, 1)
    (runtime.kernel.folder(queued.id).artifacts / "a.csv").write_text("a,b\n1,2\n")
    runtime.kernel.cancel(queued.id)
    base = str(client.base_url).rstrip("/")
    schema = schemathesis.openapi.from_dict(client.get(f"{API}/openapi.json").json())
    schema.config.update(base_url=base)
    tried = 0
    for found in schema.get_all_operations():
        operation = found.ok()  # type: ignore[union-attr]  # an Err raises, which is right
        if operation.path == STREAMS:
            continue  # never ends; tests/server/test_events.py looks at it
        for mode in schemathesis.GenerationMode:
            strategy = operation.as_strategy(generation_mode=mode)

            @settings(
                max_examples=8,
                deadline=None,
                database=None,
                derandomize=True,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=strategy, known=st.booleans())
            def run(case: Any, known: bool) -> None:
                nonlocal tried
                if known and "job_id" in (case.path_parameters or {}):
                    case.path_parameters["job_id"] = queued.id
                tried += 1
                case.call_and_validate(checks=CHECKS, headers={"Connection": "close"}, timeout=20)

            try:
                run()
            except Unsatisfiable:  # what an operation without parameters would have to be sent
                assert mode is schemathesis.GenerationMode.NEGATIVE
    assert tried > 150
    assert msgspec.json.decode(client.get(f"{API}/jobs").content)["total"] == 2


@pytest.mark.filterwarnings("ignore")
def test_a_document_that_is_not_true_would_be_found_out(client: httpx.Client) -> None:
    document = client.get(f"{API}/openapi.json").json()
    answers = document["paths"][f"{API}/metrics"]["get"]["responses"]["200"]["content"]["application/json"]
    answers["schema"] = {"type": "object", "required": ["nothingOfTheKind"]}
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=str(client.base_url).rstrip("/"))
    with pytest.raises(FailureGroup, match="nothingOfTheKind"):
        schema[f"{API}/metrics"]["GET"].Case().call_and_validate(checks=CHECKS)
