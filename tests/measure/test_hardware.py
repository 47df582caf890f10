from __future__ import annotations

import os
import sys
import threading

import pytest

from persopt.measure.hardware import list_cpu_features, pinned_threads, usable_cpus


def test_the_instruction_sets_are_read_from_linux_own_words() -> None:
    intel = "processor : 0\nflags\t\t: fpu avx2 sse4_2 avx512_vnni amx_int8 avx512f\nbugs : \n"
    assert list_cpu_features(intel) == ["sse4_2", "avx2", "avx512f", "avx512_vnni", "amx_int8"]
    assert list_cpu_features("Features\t: fp asimd asimddp i8mm\n") == ["asimddp", "i8mm"]
    assert list_cpu_features("") == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux pins")
def test_threads_stay_where_they_are_put_and_are_let_go_again() -> None:
    before = os.sched_getaffinity(0)
    inside: list[set[int]] = []
    with pinned_threads(1) as cpus:
        started = threading.Thread(target=lambda: inside.append(os.sched_getaffinity(0)))
        started.start()
        started.join()
        assert os.sched_getaffinity(0) == set(cpus)
    assert inside == [set(cpus)]
    assert len(cpus) == 1
    assert os.sched_getaffinity(0) == before


def test_there_are_never_more_than_there_are() -> None:
    with pinned_threads(10_000) as cpus:
        assert len(cpus) == usable_cpus()
