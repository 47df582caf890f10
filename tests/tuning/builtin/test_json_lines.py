from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persopt.plugins import Metric, ParsedItem
from persopt.tuning.builtin.json_lines import JsonLines, JsonLinesOptions


def parse(*lines: str, options: JsonLinesOptions | None = None) -> list[ParsedItem]:
    reader = JsonLines().open(options or JsonLinesOptions())
    return [item for line in lines for item in reader.feed(line)] + list(reader.close())


def test_numbers_of_an_object_are_metrics_of_its_step() -> None:
    line = '  {"step": 10, "loss": 0.5, "epoch": 1, "name": "a", "ok": true, "list": [1], "none": null}\r'
    assert parse(line) == [Metric(name="loss", value=0.5, step=10), Metric(name="epoch", value=1.0, step=10)]


def test_nested_objects_are_named_by_their_path() -> None:
    line = '{"eval": {"f1": {"macro": 0.25}}, "loss": 1}'
    assert parse(line) == [Metric(name="eval/f1/macro", value=0.25), Metric(name="loss", value=1.0)]
    assert parse(line, options=JsonLinesOptions(separator=".", step="loss")) == [
        Metric(name="eval.f1.macro", value=0.25, step=1)
    ]


def test_nan_and_infinity_as_python_writes_them_are_read() -> None:
    items = parse(json.dumps({"a": math.nan, "b": -math.inf, "step": math.nan}))
    values = {item.name: item.value for item in items if isinstance(item, Metric)}
    assert values == pytest.approx({"a": math.nan, "b": -math.inf}, nan_ok=True)
    assert {item.step for item in items if isinstance(item, Metric)} == {None}


@pytest.mark.parametrize(
    "line", ["", "loss=1", "[1, 2]", '"text"', "{broken", "{'a': 1}", "{]}", "{" * 3000 + "}" * 3000]
)
def test_other_lines_give_nothing(line: str) -> None:
    assert parse(line) == []


@given(row=st.dictionaries(st.text(), st.floats(allow_nan=False), max_size=4))
def test_what_is_written_is_read_back(row: dict[str, float]) -> None:
    read = {item.name: item.value for item in parse(json.dumps(row)) if isinstance(item, Metric)}
    assert read == {name: value for name, value in row.items() if name != "step"}


@given(lines=st.lists(st.text() | st.text().map(lambda text: "{" + text + "}"), max_size=5))
def test_no_line_breaks_the_reader(lines: list[str]) -> None:
    assert all(isinstance(item, Metric) for item in parse(*lines))
