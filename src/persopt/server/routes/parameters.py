"""How the routes are given what they need, in Litestar's marks."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeAlias, TypeVar

from litestar import Request, Response
from litestar.di import NamedDependency
from litestar.params import FromPath

from persopt.server.services import Services

__all__ = ("AnyRequest", "PathText", "Served", "in_thread", "known_until_change")

AnyRequest: TypeAlias = Request[Any, Any, Any]
PathText: TypeAlias = FromPath[str]
Served: TypeAlias = NamedDependency[Services]


P = ParamSpec("P")
T = TypeVar("T")


def in_thread(function: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Let a route that calls the kernel, the store or the disk run in a thread; the event loop goes on meanwhile."""

    @functools.wraps(function)
    async def run(*arguments: P.args, **named: P.kwargs) -> T:
        return await asyncio.to_thread(function, *arguments, **named)

    return run


def known_until_change(function: Callable[..., Response[bytes]]) -> Callable[..., Coroutine[Any, Any, Response[bytes]]]:
    """As `in_thread`, for a route that reads nothing but the store, with JSON as its answer.

    The answer is kept by address and query until the store changes. It may not depend on who asks.
    """

    @functools.wraps(function)
    async def run(request: AnyRequest, services: Services, **named: Any) -> Response[bytes]:
        def work() -> bytes:
            return function(request=request, services=services, **named).content

        answer = await services.answers.give((request.scope["path"], request.scope["query_string"]), work)
        return Response(answer, media_type="application/json")

    return run
