"""Where models are measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Literal, TypeAlias, TypeVar

from persopt.domain.errors import JobCancelledError, PersoptError

__all__ = ("Device", "list_devices", "open_on_first")

Device: TypeAlias = Literal["cpu", "cuda"]
T = TypeVar("T")


def list_devices(given: Literal["auto", "cpu", "cuda"]) -> tuple[Device, ...]:
    """Return the devices that a model may be measured on, the preferred first.

    `auto` is the GPU where PyTorch sees one, and the CPU for what does not run there.
    """
    if given != "auto":
        return (given,)
    import torch

    return ("cuda", "cpu") if torch.cuda.is_available() else ("cpu",)


def open_on_first(
    stack: ExitStack, devices: Sequence[Device], open_on: Callable[[Device], AbstractContextManager[T]]
) -> tuple[T, Device]:
    """Open something on the first of the devices that takes it, and return it with that device.

    Args:
        stack: Closes it.
        devices: At least one.
        open_on: Opens it on a device.

    Raises:
        PersoptError: what the last device says, if none takes it.
    """
    *preferred, last = devices
    for device in preferred:
        try:
            return stack.enter_context(open_on(device)), device
        except JobCancelledError:
            raise
        except PersoptError:
            continue
    return stack.enter_context(open_on(last)), last
