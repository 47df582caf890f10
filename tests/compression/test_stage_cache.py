"""Stages kept by content: the same key for the same inputs alone, whole or not there, reused, old ones gone."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from persopt.compression.stage_cache import StageCache, make_key
from persopt.domain.errors import JobCancelledError
from persopt.domain.recipes import CutStep
from persopt.domain.structured import StructuredRatios

PLAIN: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
PARTS = st.dictionaries(st.sampled_from(("model", "settings", "data", "seed", "versions")), PLAIN, max_size=5)


def _canonical(value: Any) -> Any:
    """A form that is equal for values that JSON tells apart, and only for them: 1, 1.0 and True are three."""
    if isinstance(value, dict):
        return frozenset((key, _canonical(item)) for key, item in value.items())
    if isinstance(value, list):
        return tuple(_canonical(item) for item in value)
    return (type(value).__name__, repr(value))


@given(PARTS, PARTS)
def test_keys_are_the_same_iff_the_inputs_are(one: dict[str, Any], other: dict[str, Any]) -> None:
    same = _canonical(one) == _canonical(other)
    assert (make_key("cut", one) == make_key("cut", other)) == same
    assert make_key("cut", one) == make_key("cut", dict(reversed(one.items())))
    assert make_key("cut", one) != make_key("train", one)


def test_every_setting_of_a_step_counts() -> None:
    steps = [
        CutStep(method="magnitude"),
        CutStep(method="gradient"),
        CutStep(method="magnitude", layer_rule="evenly"),
        CutStep(method="magnitude", ratios=StructuredRatios(heads=0.5)),
        CutStep(method="magnitude", keep_layers=[0, 2]),
    ]
    assert len({make_key("cut", {"settings": step}) for step in steps}) == len(steps)


def _write(text: str) -> Any:
    def write(target: Path) -> list[str]:
        target.mkdir()
        (target / "weights").write_text(text)
        return [f"wrote {text}"]

    return write


def _hash(folder: Path) -> str:
    return (folder / "weights").read_text()


def test_a_stage_is_made_once_and_then_reused(tmp_path: Path) -> None:
    for number in range(2):
        cache = StageCache(tmp_path)
        with cache.opened():
            one = cache.make("cut", {"seed": 1}, _write("a"), _hash)
            again = cache.make("cut", {"seed": 1}, _write("never"), _hash)
            other = cache.make("cut", {"seed": 2}, _write("b"), _hash)
        assert (one.folder, one.hash, one.notes) == (again.folder, "a", ("wrote a",))
        assert other.hash == "b"
        assert (cache.made, cache.reused) == ((2, 1) if number == 0 else (0, 3))
        assert [one.cached, again.cached] == [number == 1, True]


def test_what_is_cancelled_half_way_leaves_nothing(tmp_path: Path) -> None:
    def write(target: Path) -> list[str]:
        _write("half")(target)
        raise JobCancelledError("enough")

    cache = StageCache(tmp_path)
    with cache.opened():
        with pytest.raises(JobCancelledError):
            cache.make("cut", {}, write, _hash)
        assert [item.name for item in tmp_path.iterdir()] == [".lock"]
        assert cache.make("cut", {}, _write("whole"), _hash).hash == "whole"


_KILLED = """
import os, sys
from pathlib import Path
from persopt.compression.stage_cache import StageCache

def write(target):
    target.mkdir()
    (target / "weights").write_text("half")
    os._exit(9)

cache = StageCache(Path(sys.argv[1]))
with cache.opened():
    cache.make("cut", {}, write, lambda folder: "")
"""


def test_what_a_killed_process_leaves_is_never_used(tmp_path: Path) -> None:
    assert subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path)], check=False).returncode == 9
    assert list(tmp_path.glob(".*.part"))
    cache = StageCache(tmp_path)
    with cache.opened():
        assert not list(tmp_path.glob(".*.part"))
        made = cache.make("cut", {}, _write("whole"), _hash)
    assert (made.hash, made.cached) == ("whole", False)


def test_a_second_search_waits_for_the_first(tmp_path: Path) -> None:
    looks: list[int] = []
    waiting = threading.Event()

    def look() -> None:
        looks.append(1)
        if len(looks) > 1:
            waiting.set()

    def wait() -> None:
        with StageCache(tmp_path).opened(look):
            looks.append(0)

    other = threading.Thread(target=wait)
    with StageCache(tmp_path).opened():
        other.start()
        assert waiting.wait(30)
        assert 0 not in looks
    other.join(30)
    assert looks[-1] == 0


def test_waiting_ends_when_it_is_cancelled(tmp_path: Path) -> None:
    def look() -> None:
        raise JobCancelledError("enough")

    with StageCache(tmp_path).opened(), pytest.raises(JobCancelledError), StageCache(tmp_path).opened(look):
        pass


def test_what_was_not_used_for_the_longest_time_goes_first(tmp_path: Path) -> None:
    cache = StageCache(tmp_path)
    with cache.opened():
        stages = [cache.make("cut", {"seed": seed}, _write(str(seed) * 1000), _hash) for seed in range(4)]
    for age, stage in enumerate(stages):
        os.utime(stage.folder.parent / "stage.json", (1000 + age, 1000 + age))
    small = StageCache(tmp_path, most_bytes=3000)
    with small.opened():
        kept = small.make("cut", {"seed": 0}, _write("never"), _hash)  # the oldest, but used now
        new = small.make("cut", {"seed": 4}, _write("4" * 1000), _hash)
    there = {stage.key for stage in [*stages, new] if stage.folder.is_dir()}
    assert there == {kept.key, new.key, stages[3].key}


class _Number(Struct):
    value: float


def test_a_measurement_is_made_once(tmp_path: Path) -> None:
    cache, calls = StageCache(tmp_path), []

    def compute() -> _Number:
        calls.append(1)
        return _Number(0.1 + len(calls))

    with cache.opened():
        values = [cache.measure("time", {"model": name}, _Number, compute).value for name in ("a", "a", "b")]
    with StageCache(tmp_path).opened():
        values.append(StageCache(tmp_path).measure("time", {"model": "a"}, _Number, compute).value)
    assert values == [1.1, 1.1, 2.1, 1.1]
