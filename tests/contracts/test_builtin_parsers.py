"""The contract of metric parsers, held by every built-in."""

from __future__ import annotations

from persopt.plugins import Metric
from persopt.testing import MetricParserCase, ParserSample
from persopt.tuning.builtin.json_lines import JsonLines, JsonLinesOptions
from persopt.tuning.builtin.plain_metrics import PlainMetrics, PlainMetricsOptions


class TestPlain(MetricParserCase):
    parser = PlainMetrics()
    option_sets = (PlainMetricsOptions(faults=False, lower_case=False),)
    samples = (
        ParserSample(
            text="Epoch: 1\nstep=10 loss=0.5 Accuracy: 87.5%\n",
            metrics=(
                Metric(name="epoch", value=1.0, step=1),
                Metric(name="step", value=10.0, step=10),
                Metric(name="loss", value=0.5, step=10),
                Metric(name="accuracy", value=0.875, step=10),
            ),
        ),
        ParserSample(
            text='Traceback (most recent call last):\n  File "train.py", line 1, in <module>\nValueError: bad\n',
            faults=("exception",),
        ),
        ParserSample(text="RuntimeError: CUDA out of memory. Tried to allocate 2 GiB", faults=("out-of-memory",)),
    )


class TestJsonLines(MetricParserCase):
    parser = JsonLines()
    option_sets = (JsonLinesOptions(step="global_step", separator="."),)
    samples = (
        ParserSample(
            text='starting\n{"step": 3, "loss": 0.25, "eval": {"f1": 1}, "name": "run"}\n{"loss": 1e-3}\n',
            metrics=(
                Metric(name="loss", value=0.25, step=3),
                Metric(name="eval/f1", value=1.0, step=3),
                Metric(name="loss", value=0.001),
            ),
        ),
    )
    noise = ("", "plain text", "[1, 2]", '{"broken": ')
