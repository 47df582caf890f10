"""The AsyncAPI document describes the events as they really are."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import jsonschema
import msgspec
import pytest
from jsonschema import Draft202012Validator

from persopt.domain.errors import Fault
from persopt.domain.events import (
    EVENT_TYPES,
    EventData,
    JobCancelled,
    JobFailed,
    JobProgressed,
    JobQueued,
    JobStarted,
    JobSucceeded,
    TrialFailed,
    TrialReported,
    TrialStarted,
    TrialStopped,
    TrialSucceeded,
    event_subject,
    make_event,
)
from persopt.domain.jobs import Progress
from persopt.domain.space import Params
from persopt.events.asyncapi import asyncapi_document

_PARAMS: Params = {"learningRate": 1e-4, "batchSize": 8, "scheduler": "linear", "فارسی": True}
_PROGRESS = Progress(done=1, total=5, failed=1, best=0.5, share=0.2, message="میانه")
_FAULT = Fault(message="no memory", path="$.x", code="out-of-memory", hint="less", passing=True)
_EXAMPLES: list[EventData] = [
    JobQueued(name="آزمون"),
    JobStarted(resumes=1),
    JobProgressed(progress=_PROGRESS),
    JobProgressed(progress=Progress()),
    JobSucceeded(progress=_PROGRESS, best_params=_PARAMS, best_values=[0.5, 1.0]),
    JobSucceeded(progress=_PROGRESS),
    JobFailed(fault=_FAULT),
    JobCancelled(progress=_PROGRESS),
    TrialStarted(number=0, attempt=1, params=_PARAMS),
    TrialReported(number=0, step=3, metrics={"loss": 0.5}),
    TrialStopped(number=0, reason="cancelled"),
    TrialSucceeded(number=0, values=[1.0], metrics={"loss": 0.5}, seconds=1.5),
    TrialFailed(number=0, attempt=2, fault=_FAULT, will_retry=True),
]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The document as it goes over the wire."""
    decoded: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(asyncapi_document()))
    return decoded


def _validator(document: dict[str, Any], name: str) -> Draft202012Validator:
    """Return the validator of a message's payload, with the document around it for the references."""
    schema = {**document, **document["components"]["messages"][name]["payload"]}
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_there_is_an_example_of_each_type() -> None:
    assert {type(example) for example in _EXAMPLES} == set(EVENT_TYPES)


@pytest.mark.parametrize("example", _EXAMPLES, ids=lambda example: type(example).__name__)
def test_a_real_event_fits_its_own_message_and_no_other(document: dict[str, Any], example: EventData) -> None:
    event = make_event("0123456789abcdef0123", 1, datetime.now(UTC), example)
    decoded = msgspec.json.decode(event.encode())
    fitting = [kind.__name__ for kind in EVENT_TYPES if _validator(document, kind.__name__).is_valid(decoded)]
    assert fitting == [type(example).__name__]


@pytest.mark.parametrize("missing", ["id", "type", "source", "time", "sequence", "data"])
def test_an_event_without_a_needed_field_fits_nothing(document: dict[str, Any], missing: str) -> None:
    event = make_event("0123456789abcdef0123", 1, datetime.now(UTC), JobStarted())
    decoded = msgspec.json.decode(event.encode())
    del decoded[missing]
    with pytest.raises(jsonschema.ValidationError):
        _validator(document, "JobStarted").validate(decoded)


@pytest.mark.parametrize("example", _EXAMPLES, ids=lambda example: type(example).__name__)
def test_the_channels_address_is_the_subject(document: dict[str, Any], example: EventData) -> None:
    address = document["channels"][type(example).__name__]["address"]
    assert event_subject("tune", "f" * 20, example) == address.format(kind="tune", jobId="f" * 20)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    text = msgspec.json.encode(document).decode()
    references = set(re.findall(r'"\$ref":"(#[^"]*)"', text))
    assert len(references) > 3 * len(EVENT_TYPES)
    for reference in references:
        place: Any = document
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]
        assert place


def test_nothing_stands_in_it_that_asyncapi_understands_differently(document: dict[str, Any]) -> None:
    assert '"discriminator"' not in msgspec.json.encode(document).decode()
