"""The relay: a thread that publishes what the store wrote into its outbox, whatever happens to the servers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from typing import Final

from persopt.domain.errors import PersoptError
from persopt.events.bus import EventBus
from persopt.events.publishing import OutboxEntry, OutboxPublisher, OutboxSource
from persopt.settings import Settings

__all__ = ("OutboxEntry", "OutboxSource", "Relay")

_LOGGER = logging.getLogger("persopt.events")
_POLL_SECONDS: Final = 0.1
_FIRST_PAUSE_SECONDS: Final = 0.1
_LAST_PAUSE_SECONDS: Final = 5.0
_STOPPING_PAUSE_SECONDS: Final = 0.2
_JOIN_SECONDS: Final = 30.0


class Relay:
    """Publishes an outbox from a thread of its own.

    Whatever fails (no server, a server that dies, a locked database) is tried again after a pause that grows to
    5 s; nobody else notices. Several relays may work on one outbox: each event still comes once and in order.
    """

    def __init__(self, store: OutboxSource, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._thread: threading.Thread | None = None
        self._running = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._task: asyncio.Task[None]
        self._hint: asyncio.Event
        self._stopping = False
        self._failing = False

    def start(self) -> None:
        """Start the thread; returns at once, whether a server can be reached or not.

        Raises:
            RuntimeError: if it was started before.
        """
        if self._thread is not None:
            raise RuntimeError("a relay is started once")
        self._thread = threading.Thread(target=self._work, name="persopt-relay", daemon=True)
        self._thread.start()
        self._running.wait()

    def wake(self) -> None:
        """Say that there may be new events; from any thread, at any time, also when the relay does not run."""
        if self._running.is_set():
            self._call(self._hint.set)

    def stop(self, flush_seconds: float = 5.0) -> bool:
        """Publish what waits, end the thread, and stop the embedded server if this relay started it.

        Args:
            flush_seconds: How long to go on trying to publish.

        Returns:
            True if nothing waits in the outbox any more.
        """
        if self._thread is not None and self._thread.is_alive():
            delay = 0.0 if self._is_empty() else max(0.0, flush_seconds)
            self._call(lambda: self._begin_stop(delay))
            self._thread.join(delay + _JOIN_SECONDS)
        return self._is_empty()

    def _is_empty(self) -> bool:
        try:
            return not self._store.pending_events(1)
        except PersoptError as error:
            _LOGGER.warning("the outbox cannot be read: %s", error)
            return False

    def _call(self, function: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(function)

    def _begin_stop(self, delay: float) -> None:
        self._stopping = True
        self._hint.set()
        self._loop.call_later(delay, self._task.cancel)

    def _work(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        self._loop, self._hint = asyncio.get_running_loop(), asyncio.Event()
        bus = EventBus(self._settings)
        self._task = asyncio.create_task(self._relay(bus))
        self._running.set()
        try:
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        finally:
            await bus.close()

    async def _relay(self, bus: EventBus) -> None:
        """Publish until told to stop; then until the outbox is empty."""
        publisher, pause = OutboxPublisher(self._store, bus), _FIRST_PAUSE_SECONDS
        while True:
            self._hint.clear()
            try:
                if not bus.is_connected:
                    await bus.connect()
                    publisher.forget_connection()
                count = await publisher.publish_pending()
            except Exception as error:  # noqa: BLE001 - whatever it was, events must not stop for good
                self._note_failure(error)
                await bus.disconnect()
                await asyncio.sleep(min(pause, _STOPPING_PAUSE_SECONDS) if self._stopping else pause)
                pause = min(2 * pause, _LAST_PAUSE_SECONDS)
                continue
            self._note_success()
            pause = _FIRST_PAUSE_SECONDS
            if count == 0:
                if self._stopping:
                    return
                await self._rest(bus)

    async def _rest(self, bus: EventBus) -> None:
        """Wait until there may be something to do."""
        hint = asyncio.ensure_future(self._hint.wait())
        try:
            await asyncio.wait((hint, bus.lost), timeout=_POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            hint.cancel()

    def _note_failure(self, error: Exception) -> None:
        level = logging.DEBUG if self._failing else logging.WARNING
        _LOGGER.log(level, "events wait in the outbox: %s", str(error) or repr(error))
        self._failing = True

    def _note_success(self) -> None:
        if self._failing:
            _LOGGER.info("events are published again")
        self._failing = False
