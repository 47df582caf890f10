"""The machine now and over the last hour."""

from __future__ import annotations

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from persopt.server.options import API_PREFIX
from persopt.server.responses import json_response
from persopt.server.routes.parameters import Served, in_thread

__all__ = ("system_routes",)


@get(f"{API_PREFIX}/system", name="getSystem")
@in_thread
def get_system(services: Served) -> Response[bytes]:
    """Return processors, memory, disk and graphics processors, now and over the last hour."""
    return json_response(services.monitor.view())


def system_routes() -> list[HTTPRouteHandler]:
    """Return the route of the machine."""
    return [get_system]
