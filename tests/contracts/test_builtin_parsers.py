"""The contract of metric parsers, held by every built-in."""

from __future__ import annotations

from persopt.plugins import Metric
from persopt.testing import MetricParserCase, ParserSample
from persopt.tuning.builtin.fastai_log import FastaiLog, FastaiOptions
from persopt.tuning.builtin.json_lines import JsonLines, JsonLinesOptions
from persopt.tuning.builtin.keras_log import KerasLog
from persopt.tuning.builtin.lightning_log import LightningLog
from persopt.tuning.builtin.plain_metrics import PlainMetrics, PlainMetricsOptions
from persopt.tuning.builtin.transformers_log import TransformersLog


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


class TestTransformers(MetricParserCase):
    parser = TransformersLog()
    samples = (
        ParserSample(
            text="{'eval_loss': '0.5', 'epoch': '1'}\n***** eval metrics *****\n  eval_f1  =  0.25\n",
            metrics=(
                Metric(name="eval_loss", value=0.5),
                Metric(name="epoch", value=1.0),
                Metric(name="eval_f1", value=0.25),
            ),
        ),
    )
    noise = ("", "loss=1", "{'a': 1}", "  name = 3")


class TestKeras(MetricParserCase):
    parser = KerasLog()
    samples = (
        ParserSample(
            text="Epoch 1/1\n2/2 ━━ 0s 4ms/step - loss: 0.75\n2/2 ━━ 0s 4ms/step - loss: 0.5 - val_loss: 0.25\n",
            metrics=(Metric(name="loss", value=0.5, step=1), Metric(name="val_loss", value=0.25, step=1)),
        ),
    )
    noise = ("", "loss=1", "Epoch 1/3", "1/3 ━━ 0s 4ms/step - loss: 0.75")


class TestLightning(MetricParserCase):
    parser = LightningLog()
    samples = (
        ParserSample(
            text="Epoch 0: 100%|██| 4/4 [00:00<00:00, 9it/s, v_num=3, loss=0.5]\nTest metric  DataLoader 0\n  f1  1\n",
            metrics=(Metric(name="loss", value=0.5, step=1), Metric(name="f1", value=1.0)),
        ),
    )
    noise = ("", "loss=1", "Epoch 0:  25%|█  | 1/4 [00:00<00:00, 9.99it/s, loss=0.5]", "  f1  1")


class TestFastai(MetricParserCase):
    parser = FastaiLog()
    option_sets = (FastaiOptions(columns=["loss"]),)
    samples = (
        ParserSample(
            text="epoch  train_loss  valid_loss  time\n0  0.5  0.25  00:01\n",
            metrics=(Metric(name="train_loss", value=0.5, step=1), Metric(name="valid_loss", value=0.25, step=1)),
        ),
        ParserSample(
            text="[1, 0.5, 0.25, 1.0, '00:01']",
            metrics=(
                Metric(name="train_loss", value=0.5, step=2),
                Metric(name="valid_loss", value=0.25, step=2),
                Metric(name="f1", value=1.0, step=2),
            ),
            options=FastaiOptions(columns=["train_loss", "valid_loss", "f1"]),
        ),
    )
    noise = ("", "loss=1", "0  0.5  0.25  00:01", "Epoch 1/3 : |---| 0.00% [0/4 00:00<?]")
