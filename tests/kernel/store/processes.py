"""Running functions in real processes: several at the same moment, or one that kills itself half-way."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.synchronize import Barrier
from typing import Any

import sqlalchemy
from sqlalchemy import event

_PATIENCE = 120.0
_PRELOADED = ["pytest", "psycopg", "alembic.runtime.environment", "persopt.kernel.store"]


def run_together(count: int, work: Callable[..., Any], *arguments: Any) -> list[Any]:
    """Call a module's function in so many processes, all beginning at the same moment; return their results."""
    context = _make_context()
    barrier = context.Barrier(count)
    pipes = [context.Pipe(duplex=False) for _ in range(count)]
    processes = [
        context.Process(target=_begin_together, args=(barrier, sender, work, arguments)) for _, sender in pipes
    ]
    for process in processes:
        process.start()
    for _, sender in pipes:
        sender.close()  # so that a process that dies ends the wait for its result
    results = []
    for receiver, _ in pipes:
        assert receiver.poll(_PATIENCE)
        results.append(receiver.recv())
        receiver.close()
    for process in processes:
        process.join(_PATIENCE)
        assert process.exitcode == 0
    return results


def run_and_die(statement: int, work: Callable[..., Any], *arguments: Any) -> bool:
    """Call a function in a process that kills itself (SIGKILL) after that statement within its transactions.

    Returns:
        False if it had come to its end before.
    """
    process = _make_context().Process(target=_die_after, args=(statement, work, arguments))
    process.start()
    process.join(_PATIENCE)
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def _make_context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context


def _begin_together(barrier: Barrier, sender: Connection, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    barrier.wait(_PATIENCE)
    sender.send(work(*arguments))
    sender.close()


def _die_after(statement: int, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    done = 0

    def count(connection: sqlalchemy.Connection, *_: object) -> None:
        nonlocal done
        if connection.get_execution_options().get("persopt_writes"):
            done += 1
            if done == statement:
                os.kill(os.getpid(), signal.SIGKILL)

    event.listen(sqlalchemy.Engine, "after_cursor_execute", count)
    work(*arguments)
