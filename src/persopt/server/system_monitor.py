"""The machine now and over the last hour: processors, memory, disk."""

from __future__ import annotations

import threading
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, Self

import psutil
from msgspec import Meta, Struct

__all__ = ("SystemMonitor", "SystemSample", "SystemView")

_INTERVAL_SECONDS: Final = 10.0
_SAMPLES: Final = 360
_BYTES: Final = Meta(ge=0)


class SystemSample(Struct, frozen=True, kw_only=True, rename="camel"):
    """The machine at a moment."""

    time: datetime
    cpu_percent: Annotated[float, Meta(description="Mean over all processors since the sample before, 0 to 100.")]
    memory_used: Annotated[int, _BYTES]


class SystemView(Struct, frozen=True, kw_only=True, rename="camel"):
    """The machine now, and how it was; sizes are in bytes."""

    cpus: Annotated[int, Meta(description="Logical processors.")]
    cpu_percent: float
    memory_total: Annotated[int, _BYTES]
    memory_used: Annotated[int, _BYTES]
    disk_total: Annotated[int, Meta(ge=0, description="Of the disk that the workspace is on.")]
    disk_free: Annotated[int, _BYTES]
    history: Annotated[list[SystemSample], Meta(description="The last hour, every 10 seconds, the oldest first.")]


class SystemMonitor:
    """Looks at the machine every ten seconds while the block runs.

    Args:
        workspace: Whose disk is looked at.
    """

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self._history: deque[SystemSample] = deque(maxlen=_SAMPLES)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._work, name="persopt-system", daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        psutil.cpu_percent()  # the first answer means nothing
        self._history.append(self._take())
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._end.set()
        self._thread.join()

    def view(self) -> SystemView:
        """Return the machine as it is now, with what was seen of it."""
        memory, disk = psutil.virtual_memory(), psutil.disk_usage(str(self._workspace))
        history = list(self._history)
        return SystemView(
            cpus=psutil.cpu_count() or 1,
            cpu_percent=history[-1].cpu_percent if history else 0.0,
            memory_total=memory.total,
            memory_used=memory.total - memory.available,
            disk_total=disk.total,
            disk_free=disk.free,
            history=history,
        )

    def _work(self) -> None:
        while not self._end.wait(_INTERVAL_SECONDS):
            self._history.append(self._take())

    def _take(self) -> SystemSample:
        memory = psutil.virtual_memory()
        return SystemSample(
            time=datetime.now(UTC), cpu_percent=psutil.cpu_percent(), memory_used=memory.total - memory.available
        )
