"""Errors as RFC 9457 problem details: what is wrong, all faults of a body at once, each with its JSON path."""

from __future__ import annotations

import http
import logging
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from msgspec import Meta, Struct

from persopt.domain.errors import (
    BusError,
    ConflictError,
    Fault,
    InputError,
    NotFoundError,
    OutputError,
    PersoptError,
    StoreError,
)

__all__ = ("PROBLEM_TYPE", "Problem", "ProblemError", "answer_error", "make_problem")

PROBLEM_TYPE: Final = "application/problem+json"

_LOGGER = logging.getLogger("persopt.server")
_INTERNAL: Final = 500
_STATUSES: Final[tuple[tuple[type[PersoptError], int], ...]] = (
    (InputError, 422),
    (OutputError, 422),
    (NotFoundError, 404),
    (ConflictError, 409),
    (StoreError, 503),
    (BusError, 503),
)


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a request was not answered as asked (RFC 9457)."""

    type: Annotated[str, Meta(description="A stable name of the kind of problem, as a URN.")]
    title: Annotated[str, Meta(description="The status in words.")]
    status: Annotated[int, Meta(ge=400, le=599, description="The HTTP status.")]
    detail: Annotated[str, Meta(description="What is wrong, in plain words.")] = ""
    instance: Annotated[str, Meta(description="The path that was asked for.")] = ""
    faults: Annotated[
        list[Fault], Meta(description="Everything that is wrong, each with the JSON path of its field.")
    ] = []


class ProblemError(Exception):
    """A problem that belongs to HTTP alone and has no error in the domain.

    Args:
        status: The HTTP status.
        code: The stable word at the end of the problem's type.
        detail: What is wrong, and what would be right.
        headers: Headers that belong to the status, such as `Retry-After`.
    """

    def __init__(self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.headers = status, code, detail, dict(headers or {})

    def to_problem(self, instance: str) -> Problem:
        """Return the problem as it is sent."""
        return make_problem(self.status, self.code, self.detail, instance)


def make_problem(status: int, code: str, detail: str, instance: str, faults: Sequence[Fault] = ()) -> Problem:
    """Return a problem; its title is the status in words."""
    return Problem(
        type=f"urn:persopt:problem:{code}",
        title=http.HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=instance,
        faults=list(faults),
    )


def answer_error(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Turn any error into a problem; what nobody expected is logged, and tells nothing of itself."""
    headers: dict[str, str] = {}
    instance = request.scope["path"]
    if isinstance(error, ProblemError):
        problem, headers = error.to_problem(instance), error.headers
    elif isinstance(error, PersoptError):
        problem = _of_domain(error, instance)
    elif isinstance(error, HTTPException) and error.status_code < _INTERNAL:
        code = http.HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
        problem, headers = make_problem(error.status_code, code, error.detail, instance), dict(error.headers or {})
    elif _is_database_error(error):
        problem = make_problem(503, "store", "the database cannot be reached; try again", instance)
        headers = {"Retry-After": "5"}
    else:
        _LOGGER.error("%s %s failed", request.method, instance, exc_info=error)
        problem = make_problem(_INTERNAL, "internal", "something broke in the server; its log says what", instance)
    return Response(msgspec.json.encode(problem), status_code=problem.status, media_type=PROBLEM_TYPE, headers=headers)


def _of_domain(error: PersoptError, instance: str) -> Problem:
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), _INTERNAL)
    count = len(error.faults)
    detail = str(error.faults[0]) if count == 1 else f"{count} things are wrong: see faults"
    return make_problem(status, error.code, detail, instance, error.faults)


def _is_database_error(error: Exception) -> bool:
    from sqlalchemy.exc import OperationalError

    return isinstance(error, OperationalError)
