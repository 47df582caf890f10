"""The machine as `GET /system` shows it: true figures, also where there is no graphics processor."""

from __future__ import annotations

import httpx
import psutil
import pynvml
import pytest

from persopt.server.gpus import list_gpus, open_nvml
from tests.server.serving import API


def test_the_machine_now_and_its_history(client: httpx.Client) -> None:
    found = client.get(f"{API}/system").json()
    assert found["memoryTotal"] == psutil.virtual_memory().total
    assert found["cpus"] == psutil.cpu_count()
    assert found["history"][0]["memoryUsed"] > 0
    assert [len(sample["gpus"]) for sample in found["history"]] == [len(found["gpus"])] * len(found["history"])


def test_without_nvml_there_are_no_gpus(client: httpx.Client) -> None:
    if open_nvml():
        pynvml.nvmlShutdown()
        pytest.skip("this machine has NVML")
    assert list_gpus() == []
    assert client.get(f"{API}/system").json()["gpus"] == []


def test_with_nvml_each_gpu_is_told_with_its_memory(client: httpx.Client) -> None:
    if not open_nvml():
        pytest.skip("no NVML on this machine: the library that comes with NVIDIA's driver")
    try:
        count = pynvml.nvmlDeviceGetCount()
    finally:
        pynvml.nvmlShutdown()
    found = client.get(f"{API}/system").json()["gpus"]
    assert len(found) == count
    assert all(0 < gpu["memoryUsed"] <= gpu["memoryTotal"] and gpu["name"] for gpu in found)
