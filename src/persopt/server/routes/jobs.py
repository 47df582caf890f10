"""Jobs: create, list, look, cancel, resume; one more way to create for each kind that there is a handler for."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Final, cast, get_args

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import RawBody
from msgspec import Meta, Struct

from persopt.domain.errors import Fault, InputError
from persopt.domain.jobs import JobKind, JobRecord, JobState
from persopt.domain.names import describe_choices
from persopt.domain.partial import UNKNOWN, decode_partly
from persopt.domain.specs import JobSpec
from persopt.domain.trials import TrialState
from persopt.kernel.handlers import HANDLERS
from persopt.kernel.store import Submission
from persopt.server.options import API_PREFIX
from persopt.server.paging import job_cursor, read_job_cursor, read_number_cursor
from persopt.server.path_guard import PathGuard
from persopt.server.problems import ProblemError
from persopt.server.requests import decode_json, read_query
from persopt.server.responses import json_response
from persopt.server.routes.parameters import AnyRequest, PathText, Served, in_thread, known_until_change
from persopt.server.services import Services
from persopt.server.spec_guard import guard_spec
from persopt.server.views import JobList, JobView, TrialList, view_job, view_trial

__all__ = ("JobsQuery", "TrialsQuery", "job_routes", "open_kinds", "spec_types")

_LONGEST_KEY: Final = 255
_KEY: Final = "idempotency-key"


class JobsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which jobs to list."""

    kind: Annotated[JobKind | None, Meta(description="Only jobs of this kind.")] = None
    state: Annotated[list[JobState], Meta(description="Only jobs in one of these states; may be repeated.")] = []
    limit: Annotated[int, Meta(ge=1, le=500, description="Jobs on a page, at most.")] = 50
    cursor: Annotated[str | None, Meta(description="`next` of the page before.")] = None


class TrialsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which trials to list."""

    state: Annotated[list[TrialState], Meta(description="Only trials in one of these states; may be repeated.")] = []
    limit: Annotated[int, Meta(ge=1, le=1000, description="Trials on a page, at most.")] = 100
    cursor: Annotated[str | None, Meta(description="`next` of the page before.")] = None


def spec_types() -> dict[JobKind, Any]:
    """Return the Struct of each kind of job."""
    return {kind.__struct_config__.tag: kind for kind in get_args(JobSpec)}


def open_kinds() -> list[JobKind]:
    """Return the kinds that can be asked for: those with a spec and a handler."""
    return [kind for kind in spec_types() if kind in HANDLERS]


@post(f"{API_PREFIX}/jobs", name="createJob", status_code=202)
@in_thread
def create_job(request: AnyRequest, services: Served, body: RawBody) -> Response[bytes]:
    """Queue a job of the kind that the body names, a tuning if it names none."""
    value = decode_json(body, services.options.max_depth)
    kind = value.get("kind", "tune") if isinstance(value, dict) else "tune"
    if kind not in open_kinds():
        message = f"no such kind of job, {describe_choices(str(kind)[:80], list(open_kinds()))}"
        raise InputError(Fault(path="$.kind", message=message, code="unknown"))
    return _submit(request, services, value, kind)


@get(f"{API_PREFIX}/jobs", name="listJobs")
@known_until_change
def list_jobs(request: AnyRequest, services: Served) -> Response[bytes]:
    """List jobs, the newest first."""
    query = read_query(request, JobsQuery)
    store = services.kernel.store
    after = None if query.cursor is None else read_job_cursor(query.cursor)
    found = store.list_job_rows(kind=query.kind, states=query.state, limit=query.limit + 1, after=after)
    page = found[: query.limit]
    following = job_cursor(page[-1]) if len(found) > query.limit else None
    # The rows have the fields of JobView, in JSON already; nothing decodes them only to encode them again.
    total = store.count_jobs(kind=query.kind, states=query.state)
    return json_response(JobList(jobs=cast("list[JobView]", page), total=total, next=following))


@get(f"{API_PREFIX}/jobs/{{job_id:str}}", name="getJob")
@known_until_change
def get_job(job_id: PathText, request: AnyRequest, services: Served) -> Response[bytes]:  # noqa: ARG001 - the answer's name
    """Return one job."""
    return json_response(view_job(services.kernel.get(job_id)))


@post(f"{API_PREFIX}/jobs/{{job_id:str}}/cancel", name="cancelJob", status_code=200)
@in_thread
def cancel_job(job_id: PathText, services: Served) -> Response[bytes]:
    """Ask a job to end."""
    return json_response(view_job(services.kernel.cancel(services.kernel.get(job_id).id)))


@post(f"{API_PREFIX}/jobs/{{job_id:str}}/resume", name="resumeJob", status_code=200)
@in_thread
def resume_job(job_id: PathText, services: Served) -> Response[bytes]:
    """Queue a failed or cancelled job again; what it has finished stays."""
    return json_response(view_job(services.kernel.resume(services.kernel.get(job_id).id)))


@get(f"{API_PREFIX}/jobs/{{job_id:str}}/trials", name="listTrials")
@known_until_change
def list_trials(job_id: PathText, request: AnyRequest, services: Served) -> Response[bytes]:
    """List the trials of a job by number."""
    query = read_query(request, TrialsQuery)
    after = None if query.cursor is None else read_number_cursor(query.cursor)
    found = services.kernel.store.list_trials(job_id, states=query.state, limit=query.limit + 1, after=after)
    page = found[: query.limit]
    following = str(page[-1].number) if len(found) > query.limit else None
    return json_response(TrialList(trials=[view_trial(trial) for trial in page], next=following))


@get(f"{API_PREFIX}/metrics", name="getMetrics")
@known_until_change
def get_metrics(request: AnyRequest, services: Served) -> Response[bytes]:  # noqa: ARG001 - the answer's name
    """Return the seven figures over all tunings."""
    return json_response(services.kernel.totals())


def job_routes() -> list[HTTPRouteHandler]:
    """Return all routes of jobs; beside `POST /jobs` one for each kind but tuning, such as `POST /prune`."""
    made = [_creates(kind) for kind in open_kinds() if kind != "tune"]
    return [create_job, list_jobs, get_job, cancel_job, resume_job, list_trials, get_metrics, *made]


def _creates(kind: JobKind) -> HTTPRouteHandler:
    @post(f"{API_PREFIX}/{kind}", name=f"{kind}Model", status_code=202)
    @in_thread
    def create(request: AnyRequest, services: Served, body: RawBody) -> Response[bytes]:
        return _submit(request, services, decode_json(body, services.options.max_depth), kind)

    return create


def _submit(request: AnyRequest, services: Services, value: Any, kind: JobKind) -> Response[bytes]:
    submission = _read_submission(request, value, kind)
    known = None if submission is None else services.kernel.store.find_submission(submission)
    if known is not None:
        return _accept(known, {"Idempotency-Replayed": "true"})
    return _accept(services.kernel.submit(_read_spec(services, value, kind), submission), {})


def _read_spec(services: Services, value: Any, kind: JobKind) -> JobSpec:
    """Return what a body asks for, its paths inside the roots.

    Raises:
        InputError: with all that can be known to be wrong: form, paths, and the meaning of what is well formed.
    """
    settings = services.runtime.settings
    spec, faults = decode_partly(value, spec_types()[kind])
    if spec is not UNKNOWN:
        spec, forbidden = guard_spec(spec, PathGuard(settings), allow_commands=settings.allow_commands)
        faults += forbidden
    if faults:
        raise InputError([*faults, *(services.kernel.find_faults(spec) if spec is not UNKNOWN else ())])
    checked: JobSpec = spec
    return checked


def _accept(job: JobRecord, headers: dict[str, str]) -> Response[bytes]:
    return json_response(view_job(job), 202, {"Location": f"{API_PREFIX}/jobs/{job.id}", **headers})


def _read_submission(request: AnyRequest, value: Any, kind: JobKind) -> Submission | None:
    """Return how the client calls this request, so that the same one sent again makes no second job."""
    key = request.headers.get(_KEY)
    if key is None:
        return None
    if not (0 < len(key) <= _LONGEST_KEY and key.isascii() and key.isprintable()):
        detail = f"Idempotency-Key: expected 1 to {_LONGEST_KEY} printable ASCII characters"
        raise ProblemError(400, "bad-idempotency-key", detail)
    text = msgspec.json.encode([kind, value], order="sorted")
    return Submission(key=key, fingerprint=hashlib.sha256(text).hexdigest())
