"""The app's factory: a runtime and options become one ASGI application. No globals."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from litestar import Litestar
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler

from persopt.runtime import Runtime
from persopt.server.gate import Gate
from persopt.server.openapi import make_document
from persopt.server.options import ServerOptions
from persopt.server.problems import answer_error
from persopt.server.routes.catalog import catalog_routes
from persopt.server.routes.events import event_routes
from persopt.server.routes.health import health_routes
from persopt.server.routes.job_files import job_file_routes
from persopt.server.routes.jobs import job_routes
from persopt.server.routes.openapi import openapi_routes
from persopt.server.routes.plugins import plugin_routes
from persopt.server.routes.predictions import prediction_routes
from persopt.server.routes.studio import studio_routes
from persopt.server.routes.system import system_routes
from persopt.server.services import Services
from persopt.server.tokens import WrongTokenLimit

__all__ = ("list_routes", "make_app")


def list_routes() -> list[HTTPRouteHandler]:
    """Return every route of the API."""
    return [
        *job_routes(),
        *job_file_routes(),
        *catalog_routes(),
        *plugin_routes(),
        *prediction_routes(),
        *system_routes(),
        *openapi_routes(),
        *event_routes(),
        *health_routes(),
        *studio_routes(),
    ]


def make_app(runtime: Runtime, options: ServerOptions | None = None, limit: WrongTokenLimit | None = None) -> Gate:
    """Return the API of a runtime as an ASGI application.

    It runs no jobs: start a supervisor and a relay of the runtime beside it.

    Args:
        runtime: Stays open as long as the application is used.
        options: Who may come in; by default everybody on loopback.
        limit: How guessing of tokens is slowed down.
    """
    chosen = options or ServerOptions()
    services = Services(runtime, chosen)
    services.document = make_document(list_routes(), runtime.registry)

    @contextlib.asynccontextmanager
    async def live(_: Litestar) -> AsyncIterator[None]:
        with services.monitor, contextlib.closing(services.predictions):
            async with services.hub:
                yield

    app = Litestar(
        list_routes(),
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
        exception_handlers={Exception: answer_error},
        lifespan=[live],
        openapi_config=None,
        logging_config=None,
        request_max_body_size=chosen.max_body,
        signature_types=[Services],
    )
    return Gate(app, services, chosen, limit or WrongTokenLimit())
