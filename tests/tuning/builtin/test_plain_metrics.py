from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persopt.domain.errors import Fault
from persopt.plugins import Metric, ParsedItem
from persopt.tuning.builtin.plain_metrics import PlainMetrics, PlainMetricsOptions


def parse(*lines: str, options: PlainMetricsOptions | None = None) -> list[ParsedItem]:
    reader = PlainMetrics().open(options or PlainMetricsOptions())
    return [item for line in lines for item in reader.feed(line)] + list(reader.close())


def metrics(*lines: str) -> dict[str, float]:
    return {item.name: item.value for item in parse(*lines) if isinstance(item, Metric)}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("accuracy=0.875", {"accuracy": 0.875}),
        ("accuracy: 0.875", {"accuracy": 0.875}),
        ("Accuracy = +.875", {"accuracy": 0.875}),
        ("LOSS=-1.5e-3", {"loss": -0.0015}),
        ("loss: 2E+2", {"loss": 200.0}),
        ("val acc: 87.5%", {"val acc": 0.875}),
        ("accuracy=87.5 %", {"accuracy": 0.875}),
        ("loss=nan f1=inf g=-Infinity", {"loss": math.nan, "f1": math.inf, "g": -math.inf}),
        ("{'loss': 0.25, 'eval_f1': 0.5}", {"loss": 0.25, "eval_f1": 0.5}),
        ('{"loss": 0.25}', {"loss": 0.25}),
        ("Epoch 3/10 - loss: 0.25 - val_loss: 0.5", {"loss": 0.25, "val_loss": 0.5}),
        ("train/loss=1 eval.f1=0.5", {"train/loss": 1.0, "eval.f1": 0.5}),
        ("INFO:root:loss=0.5,acc=0.75", {"loss": 0.5, "acc": 0.75}),
        ("loss=0.5.", {"loss": 0.5}),
        ("samples: 1_000", {"samples": 1000.0}),
        ("2026-11-24 12:30:15 loss=1", {"loss": 1.0}),
        ("http://127.0.0.1:8080/x=3", {}),
        ("file: 12.txt", {}),
        ("version: 1.2.3", {}),
        ("at 12:30:15", {}),
        ("loss=", {}),
        ("nothing to see", {}),
        ("", {}),
    ],
)
def test_a_line_gives_its_metrics(line: str, expected: dict[str, float]) -> None:
    assert metrics(line) == pytest.approx(expected, nan_ok=True)


def test_a_line_tells_its_step() -> None:
    assert parse("step: 20 epoch=1 loss=0.5") == [
        Metric(name="step", value=20.0, step=20),
        Metric(name="epoch", value=1.0, step=20),
        Metric(name="loss", value=0.5, step=20),
    ]
    assert parse("epoch=0.5 loss=1") == [Metric(name="epoch", value=0.5), Metric(name="loss", value=1.0)]


def test_names_keep_their_case_if_asked() -> None:
    assert parse("Loss=1", options=PlainMetricsOptions(lower_case=False)) == [Metric(name="Loss", value=1.0)]


def test_a_traceback_is_one_fault_and_its_lines_give_no_metrics() -> None:
    lines = [
        "loss=1",
        "Traceback (most recent call last):",
        '  File "train.py", line 3, in <module>',
        "    loss=2",
        "ValueError: bad value: x=3",
        "loss=4",
    ]
    assert parse(*lines) == [
        Metric(name="loss", value=1.0),
        Fault(message="ValueError: bad value: x=3", code="exception"),
        Metric(name="loss", value=4.0),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB",
        "MemoryError",
    ],
)
def test_memory_that_ran_out_is_told_in_and_outside_a_traceback(line: str) -> None:
    for items in (parse(line), parse("Traceback (most recent call last):", "  x", line)):
        (fault,) = items
        assert isinstance(fault, Fault)
        assert (fault.code, fault.message) == ("out-of-memory", line)
        assert "batch size" in fault.hint


def test_an_output_that_ends_in_a_traceback_tells_so() -> None:
    (fault,) = parse("Traceback (most recent call last):", "  File x")
    assert isinstance(fault, Fault)
    assert fault.code == "exception"


def test_faults_may_be_left_alone() -> None:
    options = PlainMetricsOptions(faults=False)
    assert parse("Traceback (most recent call last):", "MemoryError", options=options) == []


@given(value=st.floats(), name=st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True))
def test_what_python_prints_is_read_back(value: float, name: str) -> None:
    for line in (f"{name}={value}", f"{name}: {value!r}", f"epoch 1 {name} = {value}, done"):
        (read,) = [item.value for item in parse(line) if isinstance(item, Metric)]
        assert read == value or (math.isnan(read) and math.isnan(value))


@given(lines=st.lists(st.text(), max_size=5))
def test_no_line_breaks_the_reader(lines: list[str]) -> None:
    assert all(isinstance(item, Metric | Fault) for item in parse(*lines))
