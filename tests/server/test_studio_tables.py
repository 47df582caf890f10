"""The studio's own tables say what the package says."""

from __future__ import annotations

import json
import re
from pathlib import Path

from persopt.domain.hyperparameters import HYPERPARAMETERS
from persopt.tuning.defaults import DEFAULT_OBJECTIVES, MEASURED_METRICS, TASK_METRICS

FORM = Path(__file__).resolve().parents[2] / "web" / "src" / "views" / "tuning"


def test_hyperparameters_of_the_form_are_those_of_the_trainer() -> None:
    expected = []
    for item in HYPERPARAMETERS:
        entry: dict[str, object] = {"name": item.name, "kind": item.kind}
        if item.low is not None:
            entry["above" if item.open_low else "min"] = item.low
        if item.high is not None:
            entry["below" if item.open_high else "max"] = item.high
        if item.choices:
            entry["choices"] = list(item.choices)
        expected.append(entry)
    assert json.loads((FORM / "hyperparameters.json").read_text("utf-8")) == expected


def test_every_metric_of_a_task_is_in_the_form_and_in_the_catalogues() -> None:
    names = {name for metrics in TASK_METRICS.values() for name in metrics} | set(MEASURED_METRICS)
    source = (FORM / "metrics.ts").read_text("utf-8")
    assert names <= set(re.findall(r"'(\w+)'", source))
    for language in ("fa", "en"):
        catalogues = FORM.parents[1] / "i18n" / language
        shell, knobs = (json.loads((catalogues / f"{area}.json").read_text("utf-8")) for area in ("shell", "knobs"))
        assert {f"metric.{name}" for name in names} <= set(shell)
        assert {f"knob.{item.name}" for item in HYPERPARAMETERS} <= set(knobs)


def test_metrics_that_are_minimized_are_in_the_form_too() -> None:
    source = (FORM / "metrics.ts").read_text("utf-8")
    found = re.search(r"MINIMIZED[^[]*\[([^\]]*)\]", source)
    assert found is not None
    minimized = {goal.metric for goal in DEFAULT_OBJECTIVES.values() if goal.direction == "minimize"}
    assert minimized <= set(re.findall(r"'(\w+)'", found[1]))
