"""Answers that are kept as long as nothing in the store has changed.

Pages of the studio, dashboards and scripts ask the same again and again; between two changes the answer is the same.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Hashable
from typing import Final

__all__ = ("KnownAnswers",)

_MOST_BYTES: Final = 16 << 20


class KnownAnswers:
    """Gives answers by question; for one event loop. A question that is being answered is not answered twice.

    Args:
        version: Returns a number that is another one after each change of what answers are made of; None where
            that is not known, and then nothing is kept.
        most_bytes: Of all answers together.
    """

    def __init__(self, version: Callable[[], int | None], most_bytes: int = _MOST_BYTES) -> None:
        self._version_now = version
        self._most_bytes = most_bytes
        self._version: int | None = None
        self._known: dict[Hashable, bytes] = {}
        self._bytes = 0
        self._coming: dict[Hashable, asyncio.Task[bytes]] = {}

    async def give(self, question: Hashable, work: Callable[[], bytes]) -> bytes:
        """Return the answer to a question; `work` finds it in a thread, and what it raises is raised to all who ask."""
        version = self._version_now()
        if version is None:
            return await asyncio.to_thread(work)
        if version != self._version:
            self._version, self._known, self._bytes, self._coming = version, {}, 0, {}
        known = self._known.get(question)
        if known is not None:
            return known
        task = self._coming.get(question)
        if task is None:
            task = self._coming[question] = asyncio.create_task(asyncio.to_thread(work))
            task.add_done_callback(functools.partial(self._keep, question, version))
        return await asyncio.shield(task)  # who asks first may go away while others wait

    def _keep(self, question: Hashable, version: int, task: asyncio.Task[bytes]) -> None:
        failed = task.cancelled() or task.exception() is not None
        if version != self._version:
            return
        del self._coming[question]
        if failed or len(task.result()) > self._most_bytes:
            return
        self._known[question] = task.result()
        self._bytes += len(task.result())
        while self._bytes > self._most_bytes:
            oldest = next(iter(self._known))
            self._bytes -= len(self._known.pop(oldest))
