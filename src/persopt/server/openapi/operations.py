"""What each route takes and gives, as far as its code alone does not say it."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from persopt.domain.metrics import Totals
from persopt.domain.predictions import PredictReport, PredictSpec
from persopt.server.dataset_samples import DatasetDetail
from persopt.server.routes.catalog import CatalogQuery, DatasetList, ModelList, SampleQuery
from persopt.server.routes.events import EventsQuery
from persopt.server.routes.health import Health
from persopt.server.routes.job_files import ArchiveQuery, ArtifactList, LogQuery
from persopt.server.routes.jobs import JobsQuery, TrialsQuery, open_kinds, spec_types
from persopt.server.routes.plugins import PluginList
from persopt.server.system_monitor import SystemView
from persopt.server.views import JobList, JobView, TrialList

__all__ = ("OPERATIONS", "Operation", "all_operations")


class Operation(Struct, frozen=True, kw_only=True):
    """One route.

    Attributes:
        tag: The group that it is shown in.
        answer: What a good answer holds: a Struct type, or None for `content`.
        content: Media types of a good answer that is no JSON of ours.
        status: The status of a good answer.
        also: Other good statuses, with a word on each.
        query: The Struct of its query parameters.
        bodies: The kinds of job that its body may be a spec of.
        body: The Struct of its body, where that is no job.
        headers: Request headers that it looks at, with a word on each.
        links: Where a good answer leads: for each operation its parameters, as runtime expressions.
    """

    tag: str
    answer: type[Struct] | None = None
    content: tuple[str, ...] = ()
    status: int = 200
    also: dict[int, str] = {}
    query: type[Struct] | None = None
    bodies: tuple[str, ...] = ()
    body: type[Struct] | None = None
    headers: dict[str, str] = {}
    links: dict[str, dict[str, str]] = {}


_FILE: Final = {
    206: "The range that was asked for.",
    304: "It has not changed.",
    416: "The range begins behind the end.",
}
_FILE_HEADERS: Final = {"Range": "Bytes to send, such as `bytes=0-99`.", "If-None-Match": "An ETag that is known."}
_RESUME: Final = {"Last-Event-ID": "The id of the last event that was seen."}
_KEY: Final = {"Idempotency-Key": "The client's own name of this request; sent again, it makes no second job."}
_PAGE: Final = ("text/html", "text/plain", "*/*")

_OF_JOB: Final = ("getJob", "cancelJob", "resumeJob", "listTrials", "getLog", "getReport", "listArtifacts")


def _lead(job_id: str) -> dict[str, dict[str, str]]:
    """Return the links to everything of a job, whose id is where an expression says."""
    events = {"job": job_id, "start": "all", "seconds": "0"}
    return {**{operation: {"job_id": job_id} for operation in _OF_JOB}, "followEvents": events}


OPERATIONS: Final[dict[str, Operation]] = {
    "listJobs": Operation(
        tag="jobs",
        answer=JobList,
        query=JobsQuery,
        links={**_lead("$response.body#/jobs/0/id"), "listJobs": {"cursor": "$response.body#/next"}},
    ),
    "getJob": Operation(tag="jobs", answer=JobView, links=_lead("$response.body#/id")),
    "cancelJob": Operation(tag="jobs", answer=JobView, links=_lead("$response.body#/id")),
    "resumeJob": Operation(tag="jobs", answer=JobView, links=_lead("$response.body#/id")),
    "listTrials": Operation(
        tag="jobs",
        answer=TrialList,
        query=TrialsQuery,
        links={"listTrials": {"job_id": "$request.path.job_id", "cursor": "$response.body#/next"}},
    ),
    "getMetrics": Operation(tag="jobs", answer=Totals),
    "getLog": Operation(
        tag="results",
        content=("application/jsonl", "text/plain", "text/event-stream"),
        query=LogQuery,
        also=_FILE,
        headers=_FILE_HEADERS | _RESUME,
    ),
    "getReport": Operation(tag="results", content=("application/json",)),
    "listArtifacts": Operation(
        tag="results",
        answer=ArtifactList,
        links={"getArtifact": {"job_id": "$request.path.job_id", "name": "$response.body#/artifacts/0/name"}},
    ),
    "getArtifact": Operation(tag="results", content=("*/*",), also=_FILE, headers=_FILE_HEADERS),
    "getArchive": Operation(tag="results", content=("application/zip",), query=ArchiveQuery),
    "followEvents": Operation(tag="events", content=("text/event-stream",), query=EventsQuery, headers=_RESUME),
    "listModels": Operation(tag="installed", answer=ModelList, query=CatalogQuery),
    "listDatasets": Operation(tag="installed", answer=DatasetList, query=CatalogQuery),
    "sampleDataset": Operation(tag="installed", answer=DatasetDetail, query=SampleQuery),
    "predict": Operation(tag="installed", answer=PredictReport, body=PredictSpec),
    "listPlugins": Operation(tag="installed", answer=PluginList),
    "getSystem": Operation(tag="system", answer=SystemView),
    "isLive": Operation(tag="system", answer=Health),
    "isReady": Operation(tag="system", answer=Health),
    "getPrometheusMetrics": Operation(tag="system", content=("text/plain",)),
    "getOpenApi": Operation(tag="system", content=("application/json",)),
    "getAsyncApi": Operation(tag="system", content=("application/json",)),
    "getReference": Operation(tag="system", content=("text/html",)),
    "getStudio": Operation(tag="studio", content=_PAGE, also=_FILE),
    "getStudioFile": Operation(tag="studio", content=_PAGE, also=_FILE),
}


def all_operations() -> dict[str, Operation]:
    """Return every operation by name; there is one to create jobs of each kind that can be run."""

    def creates(*kinds: Any) -> Operation:
        links = _lead("$response.body#/id")
        return Operation(tag="jobs", answer=JobView, status=202, bodies=kinds, headers=_KEY, links=links)

    known = [kind for kind in open_kinds() if kind in spec_types()]
    made = {f"{kind}Model": creates(kind) for kind in known if kind != "tune"}
    return {"createJob": creates(*known), **made, **OPERATIONS}
