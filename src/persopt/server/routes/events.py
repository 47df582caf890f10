"""The events as they happen: server-sent events that a client can resume."""

from __future__ import annotations

import asyncio
import math
import sys
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream
from msgspec import Meta, Struct

from persopt.domain.jobs import JobKind
from persopt.events.follower import FollowedEvent
from persopt.server.event_frames import EVENT_STREAM, HEARTBEAT, OPENING, frame
from persopt.server.event_hub import EventFilter
from persopt.server.options import API_PREFIX
from persopt.server.requests import read_query
from persopt.server.routes.parameters import AnyRequest, Served
from persopt.server.routes.resuming import read_last_event_id
from persopt.server.services import Services

__all__ = ("EventsQuery", "event_routes")

_AT_ONCE: Final = 16
_GATHER_SECONDS: Final = 0.1
"""A part of an answer costs the same with one event as with ten; the first after a pause goes out at once."""


class EventsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which events."""

    job: Annotated[str | None, Meta(description="Only events of this job.")] = None
    kind: Annotated[JobKind | None, Meta(description="Only events of jobs of this kind.")] = None
    start: Annotated[
        Literal["new", "all"],
        Meta(description="From now on, or all that is kept; Last-Event-ID comes first."),
    ] = "new"
    limit: Annotated[
        Annotated[int, Meta(ge=1)] | None, Meta(description="End after so many events; by default never.")
    ] = None
    seconds: Annotated[
        Annotated[float, Meta(ge=0, le=86_400)] | None,
        Meta(description="End at the first pause after so many seconds; 0: once all that is there was sent."),
    ] = None


class _Envelope(Struct):
    """As much of a CloudEvent as names it."""

    type: str


@get(f"{API_PREFIX}/events", name="followEvents")
async def follow_events(request: AnyRequest, services: Served) -> Response[Any]:
    """Send events as they happen; the id of each is its place in the stream."""
    query = read_query(request, EventsQuery)
    after = read_last_event_id(request)
    if after is None and query.start == "all":
        after = 0
    job_id = None
    if query.job is not None:
        job_id = (await asyncio.to_thread(services.kernel.get, query.job)).id
    place = await services.hub.place(after)
    frames = _frames(services, EventFilter(job_id, query.kind), place, query)
    return Stream(frames, status_code=200, media_type=EVENT_STREAM)


def event_routes() -> list[HTTPRouteHandler]:
    """Return the route of events."""
    return [follow_events]


async def _frames(services: Services, wanted: EventFilter, place: int, query: EventsQuery) -> AsyncIterator[bytes]:
    yield OPENING
    reader = services.hub.read(wanted, place)
    left = sys.maxsize if query.limit is None else query.limit
    end = math.inf if query.seconds is None else time.monotonic() + query.seconds
    try:
        while left > 0:
            pause = max(0.0, min(services.options.heartbeat_seconds, end - time.monotonic()))
            events = await reader.next(pause)
            if events is None or (not events and time.monotonic() >= end):
                return
            events = events[:left]
            left -= len(events)
            yield b"".join(map(_frame, events)) or HEARTBEAT
            # One that catches up leaves room for others; one that is up to date takes together what comes at once.
            await asyncio.sleep(0 if len(events) > _AT_ONCE else _GATHER_SECONDS)
    finally:
        reader.close()


def _frame(event: FollowedEvent) -> bytes:
    kind = msgspec.json.decode(event.payload, type=_Envelope).type
    return frame(event.payload, event.stream_sequence, kind)
