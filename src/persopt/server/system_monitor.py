"""The machine now and over the last hour: processors, memory, disk, graphics processors."""

from __future__ import annotations

import threading
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, Self

import psutil
import pynvml
from msgspec import Meta, Struct

from persopt.server.gpus import GpuSample, GpuView, list_gpus, open_nvml

__all__ = ("SystemMonitor", "SystemSample", "SystemView")

_INTERVAL_SECONDS: Final = 10.0
_SAMPLES: Final = 360
_BYTES: Final = Meta(ge=0)


class SystemSample(Struct, frozen=True, kw_only=True, rename="camel"):
    """The machine at a moment."""

    time: datetime
    cpu_percent: Annotated[float, Meta(description="Mean over all processors since the sample before, 0 to 100.")]
    memory_used: Annotated[int, _BYTES]
    gpus: Annotated[list[GpuSample], Meta(description="By index, as in the view.")] = []


class SystemView(Struct, frozen=True, kw_only=True, rename="camel"):
    """The machine now, and how it was; sizes are in bytes."""

    cpus: Annotated[int, Meta(description="Logical processors.")]
    cpu_percent: float
    memory_total: Annotated[int, _BYTES]
    memory_used: Annotated[int, _BYTES]
    disk_total: Annotated[int, Meta(ge=0, description="Of the disk that the workspace is on.")]
    disk_free: Annotated[int, _BYTES]
    gpus: Annotated[list[GpuView], Meta(description="Graphics processors of NVIDIA; empty where there are none.")] = []
    history: Annotated[list[SystemSample], Meta(description="The last hour, every 10 seconds, the oldest first.")]


class SystemMonitor:
    """Looks at the machine every ten seconds while the block runs.

    Args:
        workspace: Whose disk is looked at.
    """

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self._history: deque[SystemSample] = deque(maxlen=_SAMPLES)
        self._has_nvml = False
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._work, name="persopt-system", daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._has_nvml = open_nvml()
        psutil.cpu_percent()  # the first answer means nothing
        self._history.append(self._take())
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._end.set()
        self._thread.join()
        if self._has_nvml:
            self._has_nvml = False
            pynvml.nvmlShutdown()

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
            gpus=self._gpus(),
            history=history,
        )

    def _work(self) -> None:
        while not self._end.wait(_INTERVAL_SECONDS):
            self._history.append(self._take())

    def _take(self) -> SystemSample:
        memory = psutil.virtual_memory()
        return SystemSample(
            time=datetime.now(UTC),
            cpu_percent=psutil.cpu_percent(),
            memory_used=memory.total - memory.available,
            gpus=[GpuSample(percent=gpu.percent, memory_used=gpu.memory_used) for gpu in self._gpus()],
        )

    def _gpus(self) -> list[GpuView]:
        return list_gpus() if self._has_nvml else []
