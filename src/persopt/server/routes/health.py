"""At the root: whether the server lives, whether it can work, and its figures for Prometheus."""

from __future__ import annotations

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct
from prometheus_client import CONTENT_TYPE_LATEST

from persopt.server.responses import json_response
from persopt.server.routes.parameters import Served, in_thread

__all__ = ("Health", "health_routes")

_TEXT = CONTENT_TYPE_LATEST.partition("; charset")[0]  # Litestar adds the charset


class Health(Struct, frozen=True, kw_only=True):
    """How the server is."""

    status: str
    store: str | None = None


@get("/health/live", name="isLive", sync_to_thread=False)
def is_live() -> Response[bytes]:
    """Say that the process answers."""
    return json_response(Health(status="ok"))


@get("/health/ready", name="isReady")
@in_thread
def is_ready(services: Served) -> Response[bytes]:
    """Say whether the store answers; a job can be accepted then."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        services.kernel.store.count_jobs()
    except SQLAlchemyError:
        return json_response(Health(status="unavailable", store="unreachable"), 503)
    return json_response(Health(status="ok", store="ok"))


@get("/metrics", name="getPrometheusMetrics")
@in_thread
def get_prometheus_metrics(services: Served) -> Response[bytes]:
    """Return all figures in Prometheus' text form."""
    return Response(services.figures.expose(), media_type=_TEXT, status_code=200)


def health_routes() -> list[HTTPRouteHandler]:
    """Return the routes at the root."""
    return [is_live, is_ready, get_prometheus_metrics]
