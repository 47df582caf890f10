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
from schemathesis.checks import CHECKS as CHECK_REGISTRY
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import response_schema_conformance

from persopt.domain.validation import decode_struct
from persopt.plugins.registry import Registry
from persopt.runtime import Runtime
from persopt.server.app import list_routes
from persopt.server.openapi import make_document
from persopt.server.openapi.operations import all_operations
from persopt.server.routes.jobs import spec_types
from tests.server.serving import API, add_job, add_trials

CHECKS: list[Any] = [CHECK_REGISTRY.get_one(name) for name in CHECK_REGISTRY.get_all_names()]
"""Every check that there is: those of any server, and those of OpenAPI, which are known once their module is loaded."""

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


def load(client: httpx.Client) -> Any:
    """Return the schema of a server's document, for its address."""
    schema = schemathesis.openapi.from_dict(client.get(f"{API}/openapi.json").json())
    schema.config.update(base_url=str(client.base_url).rstrip("/"))
    # What has the right form may still name a model that is not there, or a cursor that no list gave.
    schema.config.checks.positive_data_acceptance.expected_statuses += ["400", "416", "422"]
    return schema


def test_no_check_is_left_out() -> None:
    assert len(CHECKS) >= 14
    assert response_schema_conformance in CHECKS


def test_every_link_leads_to_an_operation_and_its_parameters() -> None:
    operations = {one["operationId"]: one for path in DOCUMENT["paths"].values() for one in path.values()}
    seen = set()
    for name, one in operations.items():
        for answer in one["responses"].values():
            for link in answer.get("links", {}).values():
                target = operations[link["operationId"]]
                assert set(link["parameters"]) <= {parameter["name"] for parameter in target["parameters"]}
                seen.add((name, link["operationId"]))
    assert {("createJob", "getJob"), ("pruneModel", "cancelJob"), ("listJobs", "listTrials")} <= seen


@pytest.mark.filterwarnings("ignore")
def test_schemathesis_follows_the_links_and_finds_nothing(runtime: Runtime, client: httpx.Client) -> None:
    """Lists lead to jobs, jobs to what belongs to them; what one request has made, the next one looks at."""
    job = add_job(runtime)
    add_trials(runtime, job, 3)
    (runtime.kernel.folder(job.id).artifacts / "a.csv").write_text("a,b\n1,2\n")
    runtime.store.request_cancel(job.id)
    for minute in range(1, 4):
        runtime.kernel.cancel(add_job(runtime, minute).id)
    machine = load(client).as_state_machine()
    followed: set[str] = set()

    class Looking(machine):  # type: ignore[misc, valid-type]
        def before_call(self, case: Any) -> None:
            if case.operation.path == STREAMS:
                case.query = {"seconds": 0, **(case.query or {})}
            if case.operation.path.endswith("/log"):
                case.query = {**(case.query or {}), "follow": False}

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            if "{job_id}" in case.operation.path and re.fullmatch("[0-9a-f]{20}", str(case.path_parameters["job_id"])):
                followed.add(case.operation.definition.raw["operationId"])
            return {"headers": {"Connection": "close"}, "timeout": 20}

        def validate_response(self, response: Any, case: Any, additional_checks: Any = (), **_: Any) -> None:
            case.validate_response(response, checks=CHECKS, additional_checks=list(additional_checks))

    Looking.run(
        settings=settings(
            max_examples=10,
            stateful_step_count=8,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
    )
    assert followed  # which links are drawn depends on the ids that the server gave
    assert len(followed) > 1


@pytest.mark.filterwarnings("ignore")
def test_schemathesis_finds_nothing(runtime: Runtime, client: httpx.Client) -> None:
    job = add_job(runtime)
    add_trials(runtime, job, 3)
    queued = add_job(runtime, 1)
    (runtime.kernel.folder(queued.id).artifacts / "a.csv").write_text("a,b\n1,2\n")
    runtime.kernel.cancel(queued.id)
    schema = load(client)
    tried = 0
    for found in schema.get_all_operations():
        operation = found.ok()
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
                if case.operation.path == STREAMS:  # would go on for ever
                    case.query = {"seconds": 0, **(case.query or {})}
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
