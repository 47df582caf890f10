"""Where a model is measured: on the first device that takes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
import torch

from persopt.domain.errors import JobCancelledError, ModelError, PersoptError
from persopt.quantization.devices import Device, list_devices, open_on_first


class Engine:
    """Runs on some devices, and tells which it was opened and closed on; on others it raises an error."""

    def __init__(self, *devices: Device, error: PersoptError | None = None) -> None:
        self.devices = devices
        self.error = error
        self.told: list[str] = []

    @contextmanager
    def open(self, device: Device) -> Iterator[str]:
        if device not in self.devices:
            self.told.append(f"refuses {device}")
            raise self.error or ModelError(f"no device {device!r}")
        self.told.append(f"opens on {device}")
        yield f"model on {device}"
        self.told.append(f"closes on {device}")


def test_what_is_asked_for_is_taken_and_auto_is_the_gpu_where_there_is_one() -> None:
    assert list_devices("cpu") == ("cpu",)
    assert list_devices("cuda") == ("cuda",)
    found = list_devices("auto")
    assert found[-1] == "cpu"  # what runs on no GPU runs there
    assert ("cuda" in found) == torch.cuda.is_available()


@pytest.mark.parametrize(
    ("runs_on", "told"),
    [
        (("cuda", "cpu"), ["opens on cuda", "closes on cuda"]),
        (("cpu",), ["refuses cuda", "opens on cpu", "closes on cpu"]),
    ],
)
def test_what_does_not_run_on_the_first_runs_on_the_next(runs_on: tuple[Device, ...], told: list[str]) -> None:
    engine = Engine(*runs_on)
    with ExitStack() as stack:
        opened, device = open_on_first(stack, ("cuda", "cpu"), engine.open)
        assert (opened, device) == (f"model on {runs_on[0]}", runs_on[0])
    assert engine.told == told


def test_the_last_device_says_why_and_a_cancelled_job_tries_no_other() -> None:
    with ExitStack() as stack, pytest.raises(ModelError, match="no device 'cpu'"):
        open_on_first(stack, ("cuda", "cpu"), Engine().open)
    engine = Engine(error=JobCancelledError("not wanted any more"))
    with ExitStack() as stack, pytest.raises(JobCancelledError):
        open_on_first(stack, ("cuda", "cpu"), engine.open)
    assert engine.told == ["refuses cuda"]
