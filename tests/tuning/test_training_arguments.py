from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from persopt.domain.errors import InputError
from persopt.domain.hyperparameters import HYPERPARAMETERS, Hyperparameter
from persopt.domain.programs import DataSpec, TrainingOptions, TrainingProgram
from persopt.tuning.training import train_trial
from persopt.tuning.training_arguments import argument_name, build_arguments, choose_device
from persopt.tuning.training_plan import plan_training
from tests.support.tiny_models import RecordingTrial, make_request, make_text_program

pytestmark = pytest.mark.usefixtures("one_torch_thread")

PROGRAM = TrainingProgram(
    model="m", dataset="d", task="text-classification", data=DataSpec(), training=TrainingOptions(), cache="c"
)
ARGUMENTS = [item for item in HYPERPARAMETERS if item.target == "arguments"]
WORDS = {"lrSchedulerType": "cosine", "optim": "adafactor"}


def build(params: dict[str, Any], folder: Path, **options: Any) -> Any:
    given: dict[str, Any] = {"device": "cpu"} | options
    plan = plan_training(PROGRAM, params)
    return build_arguments(plan, TrainingOptions(**given), steps=7, seed=3, folder=folder)


@pytest.mark.parametrize("item", ARGUMENTS, ids=lambda item: item.name)
def test_every_hyperparameter_is_an_argument_of_the_installed_transformers(
    item: Hyperparameter, tmp_path: Path
) -> None:
    value = {"int": 2, "float": 0.25, "bool": True, "str": WORDS.get(item.name)}[item.kind]

    built = getattr(build({item.name: value}, tmp_path), argument_name(item.field))

    assert getattr(built, "value", built) == value


@pytest.mark.parametrize(
    ("name", "word"), [(item.name, word) for item in ARGUMENTS for word in item.choices], ids=lambda value: value
)
def test_every_word_that_is_accepted_trains(name: str, word: str, tmp_path: Path) -> None:
    program = make_text_program(tmp_path, max_steps=1)
    given: dict[str, Any] = {name: word}
    outcome = train_trial(program, make_request(tmp_path, **given), RecordingTrial())
    assert 0 <= outcome.metrics["accuracy"] <= 1


def test_trials_save_and_report_nothing_by_themselves(tmp_path: Path) -> None:
    arguments = build({}, tmp_path)

    assert arguments.save_strategy == "no"
    assert arguments.logging_strategy == "no"
    assert arguments.report_to == []
    assert arguments.disable_tqdm
    assert arguments.device == torch.device("cpu")
    assert (arguments.seed, arguments.max_steps, arguments.per_device_eval_batch_size) == (3, 7, 64)


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"optim": "adamm"}, "$.config.optim"),
        ({"lrSchedulerType": "zigzag"}, "$.config.lrSchedulerType"),
        ({"warmupSteps": -1}, "$.config.warmupSteps"),
    ],
)
def test_values_that_transformers_refuses_are_named(params: dict[str, Any], path: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        build(params, tmp_path)

    assert raised.value.faults[0].path == path


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"optim": "galore_adamw"}, "$.config.optim"),
        ({"lrSchedulerType": "warmup_stable_decay"}, "$.config.lrSchedulerType"),
    ],
)
def test_what_cannot_be_made_here_is_named(params: dict[str, Any], path: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        train_trial(make_text_program(tmp_path), make_request(tmp_path, **params), RecordingTrial())

    assert raised.value.faults[0].path == path


@pytest.mark.parametrize(
    "params",
    [
        {"lrSchedulerType": "reduce_lr_on_plateau"},
        {"gradientCheckpointing": True},
        {"neftuneNoiseAlpha": 5.0},
        {"bf16": True},
        {"optim": "adafactor"},
    ],
    ids=str,
)
def test_less_usual_hyperparameters_train(params: dict[str, Any], tmp_path: Path) -> None:
    outcome = train_trial(
        make_text_program(tmp_path, evaluations=2), make_request(tmp_path, **params), RecordingTrial()
    )

    assert outcome.metrics["accuracy"] > 0


@pytest.mark.parametrize(
    ("params", "rows", "max_steps", "steps"),
    [
        ({"batchSize": 8, "epochs": 2}, 17, None, 6),
        ({"batchSize": 8, "epochs": 2, "gradientAccumulationSteps": 2}, 17, None, 4),
        ({"batchSize": 8, "epochs": 2}, 17, 5, 5),
        ({"batchSize": 8, "epochs": 2}, 17, 50, 6),
        ({}, 32, None, 6),
    ],
)
def test_steps_are_counted(params: dict[str, Any], rows: int, max_steps: int | None, steps: int) -> None:
    assert plan_training(PROGRAM, params).count_steps(rows, max_steps) == steps


def test_the_cpu_is_always_there() -> None:
    assert choose_device("cpu") == "cpu"


def test_automatic_takes_the_accelerator_where_there_is_one() -> None:
    expected = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"

    assert choose_device("auto") == expected


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match=r"training\.device: 'cuda' is not there; this machine has .*cpu") as caught:
        choose_device("cuda")
    assert caught.value.faults[0].code == "no-device"  # which ends the study: every trial would fail so
