"""The graphics processors of the machine, as NVIDIA's management library tells of them."""

from __future__ import annotations

from typing import Annotated

import pynvml
from msgspec import Meta, Struct

__all__ = ("GpuSample", "GpuView", "list_gpus", "open_nvml")


class GpuSample(Struct, frozen=True, kw_only=True, rename="camel"):
    """A graphics processor at a moment."""

    percent: Annotated[float | None, Meta(description="Share of the time that it worked; null: it does not tell.")]
    memory_used: Annotated[int, Meta(ge=0)]


class GpuView(GpuSample, frozen=True, kw_only=True, rename="camel"):
    """A graphics processor now; sizes are in bytes."""

    name: str
    memory_total: Annotated[int, Meta(ge=0)]


def open_nvml() -> bool:
    """Open the library, for `list_gpus`; close it with `pynvml.nvmlShutdown`. False where there is none."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return False
    return True


def list_gpus() -> list[GpuView]:
    """Return the graphics processors by index; none where the library is not open or fails."""
    found: list[GpuView] = []
    try:
        for index in range(pynvml.nvmlDeviceGetCount()):
            handle = pynvml.nvmlDeviceGetHandleByIndex(index)
            memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
            found.append(
                GpuView(
                    name=str(pynvml.nvmlDeviceGetName(handle)),
                    memory_total=int(memory.total),
                    memory_used=int(memory.used),
                    percent=_percent(handle),
                )
            )
    except pynvml.NVMLError:
        return []
    return found


def _percent(handle: object) -> float | None:
    try:
        return float(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu)
    except pynvml.NVMLError:  # a part of a divided one does not know
        return None
