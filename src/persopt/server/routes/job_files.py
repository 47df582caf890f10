"""What a job leaves behind: log, report, artifacts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream
from msgspec import Meta, Struct

from persopt.domain.errors import ConflictError, NotFoundError
from persopt.domain.names import suggest
from persopt.domain.specs import TuneSpec
from persopt.kernel.job_archive import find_model, stream_archive
from persopt.server.event_frames import EVENT_STREAM
from persopt.server.files import send_file
from persopt.server.log_stream import follow_log
from persopt.server.options import API_PREFIX
from persopt.server.path_guard import PathGuard, safe_join
from persopt.server.requests import read_query
from persopt.server.responses import json_response
from persopt.server.routes.parameters import AnyRequest, PathText, Served, in_thread
from persopt.server.routes.resuming import read_last_event_id

__all__ = ("ArchiveQuery", "Artifact", "ArtifactList", "LogQuery", "job_file_routes")


class LogQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which log, and whether to go on with it."""

    trial: Annotated[
        Annotated[int, Meta(ge=0, le=1_000_000)] | None, Meta(description="The output of this trial instead.")
    ] = None
    follow: Annotated[bool, Meta(description="Send it as events, and go on until the job has ended.")] = False


class ArchiveQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much of the results."""

    model: Annotated[bool, Meta(description="The files of the model too, if the job has made one.")] = False


class Artifact(Struct, frozen=True, kw_only=True):
    """A file that a job made."""

    name: Annotated[str, Meta(description="Its path below the job's artifacts.")]
    bytes: Annotated[int, Meta(ge=0)]
    modified: datetime


class ArtifactList(Struct, frozen=True, kw_only=True):
    """The files that a job made, by name."""

    artifacts: list[Artifact]


@get(f"{API_PREFIX}/jobs/{{job_id:str}}/log", name="getLog")
@in_thread
def get_log(job_id: PathText, request: AnyRequest, services: Served) -> Response[Any]:
    """Return a job's log (JSON lines), or the output of a trial; with `follow` as server-sent events."""
    query = read_query(request, LogQuery)
    job = services.kernel.get(job_id)
    folder = services.kernel.folder(job.id)
    path = folder.log if query.trial is None else folder.trial(query.trial) / "log.txt"
    if query.follow:
        after = read_last_event_id(request) or 0
        return Stream(follow_log(services, job.id, path, after), status_code=200, media_type=EVENT_STREAM)
    if path.is_file():
        return send_file(request, path, services.checksums)
    if query.trial is not None:
        raise NotFoundError(f"trial {query.trial} of job {job.id} has no log")
    return Response(b"", media_type="application/jsonl", status_code=200)


@get(f"{API_PREFIX}/jobs/{{job_id:str}}/report", name="getReport")
@in_thread
def get_report(job_id: PathText, services: Served) -> Response[Any]:
    """Return the whole report: of a tuning at any time, of other jobs once they have succeeded."""
    job = services.kernel.get(job_id)
    if isinstance(job.spec, TuneSpec):
        return json_response(services.kernel.report(job.id))
    path = services.kernel.folder(job.id).report
    if job.state != "succeeded" or not path.is_file():
        raise ConflictError(f"job {job.id} is {job.state} and has no report", hint="wait until it has succeeded")
    return Response(path.read_bytes(), media_type="application/json", status_code=200)


@get(f"{API_PREFIX}/jobs/{{job_id:str}}/artifacts", name="listArtifacts")
@in_thread
def list_artifacts(job_id: PathText, services: Served) -> Response[bytes]:
    """List the files that a job made."""
    root = services.kernel.folder(services.kernel.get(job_id).id).artifacts
    names = sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.name.startswith("."))
    found = [(name, path) for name in names if (path := safe_join(root, name)) is not None]
    return json_response(ArtifactList(artifacts=[_describe(name, path) for name, path in found]))


@get(f"{API_PREFIX}/jobs/{{job_id:str}}/artifacts/{{name:path}}", name="getArtifact")
@in_thread
def get_artifact(job_id: PathText, name: PathText, request: AnyRequest, services: Served) -> Response[Any]:
    """Return one of the files, or a range of it."""
    root = services.kernel.folder(services.kernel.get(job_id).id).artifacts
    wanted = str(name).removeprefix("/")
    path = safe_join(root, wanted)
    if path is None:
        known = [str(item.relative_to(root)) for item in root.rglob("*") if item.is_file()]
        raise NotFoundError(f"the job has no artifact {wanted[:80]!r}{suggest(wanted[:200], known)}")
    return send_file(request, path, services.checksums)


@get(f"{API_PREFIX}/jobs/{{job_id:str}}/archive", name="getArchive")
@in_thread
def get_archive(job_id: PathText, request: AnyRequest, services: Served) -> Response[Any]:
    """Return all results of a job as one zip: report, tables, plots, spec and log, with `model` the model too."""
    query = read_query(request, ArchiveQuery)
    job = services.kernel.get(job_id)
    model = None
    if query.model:
        guard = PathGuard(services.runtime.settings)
        model = Path(guard.check_input(str(find_model(job)), "query.model", "models"))
    headers = {"Content-Disposition": f'attachment; filename="persopt-{job.kind}-{job.id}.zip"'}
    pieces = stream_archive(services.kernel, job, model)
    return Stream(pieces, status_code=200, media_type="application/zip", headers=headers)


def job_file_routes() -> list[HTTPRouteHandler]:
    """Return the routes of log, report, artifacts and all of them in one."""
    return [get_log, get_report, list_artifacts, get_artifact, get_archive]


def _describe(name: str, path: Path) -> Artifact:
    facts = path.stat()
    return Artifact(name=name, bytes=facts.st_size, modified=datetime.fromtimestamp(facts.st_mtime, UTC))
