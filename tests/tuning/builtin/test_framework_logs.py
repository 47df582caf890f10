"""What is read from the real output of each framework, by all parsers together as a command's trial reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persopt.domain.programs import ParserChoice
from persopt.kernel.builtin_modules import BUILTIN_MODULES
from persopt.plugins import Metric
from persopt.plugins.discovery import load_modules
from persopt.plugins.registry import Registry
from persopt.settings import Settings
from persopt.tuning.command_checks import DEFAULT_PARSERS
from persopt.tuning.command_readers import OutputReader
from persopt.tuning.output_lines import LineSplitter

LOGS: Final = Path(__file__).parent / "logs"

Line = tuple[int | None, dict[str, float]]

TRAINER: Final[list[Line]] = [
    (None, {"loss": 0.6924, "grad_norm": 0.4049, "learning_rate": 4.375e-05, "epoch": 0.5}),
    (None, {"loss": 0.6942, "grad_norm": 0.1381, "learning_rate": 3.125e-05, "epoch": 1.0}),
    (None, {"eval_loss": 0.6932, "eval_accuracy": 0.4062, "eval_f1": 0.5, "epoch": 1.0}),
    (None, {"loss": 0.6941, "grad_norm": 0.4083, "learning_rate": 1.875e-05, "epoch": 1.5}),
    (None, {"loss": 0.6923, "grad_norm": 0.3909, "learning_rate": 6.25e-06, "epoch": 2.0}),
    (None, {"eval_loss": 0.6931, "eval_accuracy": 0.4062, "eval_f1": 0.5, "epoch": 2.0}),
    (None, {"train_loss": 0.6933, "epoch": 2.0}),
]
TRAINER_TABLE: Final[list[Line]] = [
    (None, {"epoch": 2.0}),
    (None, {"eval_accuracy": 0.4062}),
    (None, {"eval_f1": 0.5}),
    (None, {"eval_loss": 0.6931}),
]
TABLES: Final[list[Line]] = [
    (None, {"val_acc": 0.75}),
    (None, {"val_loss": 0.6294006109237671}),
    (None, {"test_acc": 0.75}),
    (None, {"test_loss": 0.6294006109237671}),
]
SECOND_EPOCH: Final[Line] = (2, {"train_loss": 0.628, "train_acc": 0.75, "val_loss": 0.629, "val_acc": 0.75})

EXPECTED: Final[dict[str, list[Line]]] = {
    "transformers_bar": [*TRAINER, *TRAINER_TABLE],
    "transformers_plain": [*TRAINER, TRAINER[5], *TRAINER_TABLE],
    "keras_bar": [
        (1, {"accuracy": 0.4167, "loss": 0.7699, "val_accuracy": 0.4583, "val_loss": 0.7394, "learning_rate": 0.01}),
        (2, {"accuracy": 0.4444, "loss": 0.7196, "val_accuracy": 0.4583, "val_loss": 0.6931, "learning_rate": 0.01}),
        (3, {"accuracy": 0.5694, "loss": 0.6917, "val_accuracy": 0.4583, "val_loss": 0.6898, "learning_rate": 0.001}),
        (None, {"accuracy": 0.5729, "loss": 0.6902}),
    ],
    "keras_lines": [
        (1, {"accuracy": 0.4167, "loss": 0.7699, "val_accuracy": 0.4583, "val_loss": 0.7394}),
        (2, {"accuracy": 0.4444, "loss": 0.7196, "val_accuracy": 0.4583, "val_loss": 0.6931}),
        (3, {"accuracy": 0.5972, "loss": 0.6832, "val_accuracy": 0.4583, "val_loss": 0.6653}),
        (None, {"accuracy": 0.5625, "loss": 0.6726}),
    ],
    "lightning_tqdm": [
        (1, {"train_loss": 0.652, "train_acc": 0.688, "val_loss": 0.64, "val_acc": 0.781}),
        SECOND_EPOCH,
        *TABLES,
    ],
    "lightning_rich": [SECOND_EPOCH, *TABLES],
    "lightning_none": [(None, {"val_loss": 0.64}), (None, {"val_loss": 0.629}), *TABLES],
    "fastai_bar": [
        (1, {"train_loss": 0.648483, "valid_loss": 0.639648, "accuracy": 0.78125, "f1_score": 0.766667}),
        (2, {"train_loss": 0.641573, "valid_loss": 0.629411, "accuracy": 0.75, "f1_score": 0.777778}),
        (3, {"train_loss": 0.636029, "valid_loss": 0.622174, "accuracy": 0.734375, "f1_score": 0.779221}),
    ],
    "fastai_list": [
        (1, {"train_loss": 0.6484825611114502, "valid_loss": 0.6396482586860657}),
        (2, {"train_loss": 0.6415725350379944, "valid_loss": 0.6294106841087341}),
        (3, {"train_loss": 0.6360291838645935, "valid_loss": 0.6221742630004883}),
    ],
}
TOKENS: Final = (
    *(
        "Epoch ",
        "0",
        "1/3",
        "3/3",
        ": ",
        ": 100%|██| ",
        " ━━ ",
        "[=>]",
        " - ",
        "0s ",
        "4ms/step",
        "ETA: ",
        " [00:00<00:00, ",
    ),
    *(
        "it/s",
        ", loss=0.5",
        "]",
        "loss: ",
        "nan",
        "1e999",
        "{'loss': '",
        "'epoch': ",
        "'}",
        "{",
        "}",
        '"a": 1',
        "\t",
        "  ",
    ),
    *(
        "***** eval metrics *****",
        "  f1  =  0.5",
        "Test metric  ",
        "│ f1 │ 1 │",
        "Metric f1 improved. New best score: 1",
        "`Trainer.",
    ),
    *(
        "epoch  train_loss  valid_loss  time",
        "0  0.5  0.25  00:01",
        "[1, 0.5, None, '00:01']",
        "Traceback (most recent call last):",
    ),
)
# Times and speeds, and what Lightning's summary of the model says in the form `name: value`.
PASSED_OVER: Final = ("_runtime", "_per_second", "using", "params", "mode", "flops")


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_modules(BUILTIN_MODULES, Settings())


def read(registry: Registry, data: bytes, parsers: tuple[str, ...] = DEFAULT_PARSERS) -> list[Line]:
    reader, splitter = OutputReader([ParserChoice(name=name) for name in parsers], registry), LineSplitter()
    found = [reader.feed(line) for line in (*splitter.feed(data), *splitter.close())]
    assert reader.fault is None
    return [line for metrics in (*found, reader.close()) if (line := as_line(metrics)) is not None]


def as_line(metrics: list[Metric]) -> Line | None:
    kept = [metric for metric in metrics if not metric.name.endswith(PASSED_OVER)]
    assert len({metric.step for metric in kept}) <= 1
    return (kept[0].step, {metric.name: metric.value for metric in kept}) if kept else None


@given(
    st.lists(
        st.lists(st.sampled_from(TOKENS), max_size=12).map("".join) | st.sampled_from(TOKENS) | st.text(max_size=9),
        max_size=6,
    )
)
@settings(max_examples=60)
def test_whatever_looks_like_their_output_the_parsers_raise_nothing(registry: Registry, lines: list[str]) -> None:
    reader = OutputReader([ParserChoice(name=name) for name in DEFAULT_PARSERS], registry)
    for line in lines:
        assert all(isinstance(metric, Metric) for metric in reader.feed(line))
    assert all(isinstance(metric, Metric) for metric in reader.close())


def test_every_log_is_read() -> None:
    assert sorted(path.stem for path in LOGS.glob("*.txt")) == sorted(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_real_output_gives_the_metrics_in_it(registry: Registry, name: str) -> None:
    assert read(registry, (LOGS / f"{name}.txt").read_bytes()) == EXPECTED[name]


@pytest.mark.parametrize("name", EXPECTED)
def test_one_parser_alone_reads_the_same(registry: Registry, name: str) -> None:
    parser = next(parser for parser in DEFAULT_PARSERS if parser.startswith(name.partition("_")[0]))
    assert read(registry, (LOGS / f"{name}.txt").read_bytes(), (parser,)) == EXPECTED[name]


OLD_TRAINER: Final = b"""{'loss': 0.6924, 'learning_rate': 4.5e-05, 'epoch': 0.5, 'step': 500}
{'eval_loss': nan, 'eval_f1': 0.5, 'epoch': 1.0}
"""
OLD_KERAS: Final = (
    b"Epoch 1/2\n10/10 [==============================] - ETA: 0s - loss: 0.9\r"
    b"10/10 [==============================] - 2s 5ms/step - loss: 0.6931 - top k: 0.5 - val_loss: 6.8e-01\n"
    b"Epoch 2/2\n     7/Unknown - 1s 3ms/step - loss: 0.5"
)
LIGHTNING_WITHOUT_RICH: Final = "\n".join(
    [
        "─" * 60,
        "       Test metric             DataLoader 0             DataLoader 1",
        "─" * 60,
        "        test_acc                   0.75                      0.5",
        "─" * 60,
        "loss: 3",
    ]
).encode()
PLAIN: Final = b"""Training loss: 0.9
Validation accuracy = 0.8
Epoch 3/10
Epoch [1/5], Step [100/600], Loss: 0.3021
Test set: Average loss: 0.0512, Accuracy: 9833/10000 (98%)
Train Epoch: 2 [640/60000 (1%)]\tLoss: 2.1
acc@1=81.2% ppl = 1e1
"""


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            OLD_TRAINER,
            [
                (500, {"loss": 0.6924, "learning_rate": 4.5e-05, "epoch": 0.5, "step": 500.0}),
                (None, {"eval_loss": pytest.approx(float("nan"), nan_ok=True), "eval_f1": 0.5, "epoch": 1.0}),
            ],
        ),
        (OLD_KERAS, [(1, {"loss": 0.6931, "top k": 0.5, "val_loss": 0.68}), (2, {"loss": 0.5})]),
        (LIGHTNING_WITHOUT_RICH, [(None, {"test_acc": 0.75, "test_acc/dataloader_idx_1": 0.5}), (None, {"loss": 3.0})]),
        (
            PLAIN,
            [
                (None, {"training loss": 0.9}),
                (None, {"validation accuracy": 0.8}),
                (100, {"loss": 0.3021}),
                (None, {"average loss": 0.0512, "accuracy": 0.9833}),
                (2, {"train epoch": 2.0, "loss": 2.1}),
                (None, {"acc@1": 0.812, "ppl": 10.0}),
            ],
        ),
    ],
)
def test_output_written_after_other_sources_is_read_too(registry: Registry, data: bytes, expected: list[Line]) -> None:
    assert read(registry, data) == expected
