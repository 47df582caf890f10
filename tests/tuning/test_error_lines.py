from __future__ import annotations

import pytest

from persopt.domain.errors import Fault
from persopt.tuning.error_lines import ErrorFinder

PLAIN = """Traceback (most recent call last):
  File "train.py", line 3, in <module>
    loss=2
ValueError: bad value: x=3"""
RANKED = "\n".join(f"[rank0]: {line}" for line in PLAIN.splitlines())
RICH = """╭─────── Traceback (most recent call last) ───────╮
│ /train.py:3 in <module>                          │
│ ❱ 3 fit(loss=2)                                  │
╰──────────────────────────────────────────────────╯
ValueError: bad value: x=3"""
CHAINED = f"""Traceback (most recent call last):
  File "train.py", line 1, in <module>
KeyError: 'lr'

During handling of the above exception, another exception occurred:

{PLAIN}"""


def read(text: str) -> tuple[list[bool], list[Fault]]:
    finder = ErrorFinder()
    told = [finder.feed(line) for line in text.splitlines()]
    return [inside for inside, _ in told], [fault for _, fault in told if fault is not None]


@pytest.mark.parametrize("text", [PLAIN, RANKED, RICH])
def test_a_traceback_is_one_fault_and_all_of_its_lines_belong_to_it(text: str) -> None:
    inside, faults = read(f"before: 1\n{text}\nafter: 2")
    assert inside == [False, *[True] * len(text.splitlines()), False]
    (fault,) = faults
    assert (fault.message.removeprefix("[rank0]: "), fault.code) == ("ValueError: bad value: x=3", "exception")


def test_of_chained_tracebacks_each_is_told_the_last_one_last() -> None:
    assert [fault.message for fault in read(CHAINED)[1]] == ["KeyError: 'lr'", "ValueError: bad value: x=3"]


@pytest.mark.parametrize(
    ("last", "code"),
    [
        ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB", "out-of-memory"),
        ("MemoryError", "out-of-memory"),
        ("SystemExit: 3", "exception"),
        ("my.own.Trouble: no luck", "exception"),
    ],
)
def test_the_last_line_is_the_fault(last: str, code: str) -> None:
    (fault,) = read(f"Traceback (most recent call last):\n  File x\n{last}")[1]
    assert (fault.message, fault.code) == (last, code)


def test_a_word_alone_is_no_traceback() -> None:
    assert read("see Traceback (most recent call last): above\nloss=1") == ([False, False], [])
