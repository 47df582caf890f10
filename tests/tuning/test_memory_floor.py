from __future__ import annotations

from typing import Any

import pytest

from persopt.domain.errors import Fault
from persopt.domain.hyperparameters import HYPERPARAMETERS
from persopt.domain.space import ParameterSpec, Params
from persopt.tuning import memory_floor
from persopt.tuning.memory_floor import memory_floor_fault
from tests.tuning.studies import make_space

TRAINING = Fault(message="out of memory", path="$.config.batchSize", code="out-of-memory")
EVALUATION = Fault(message="out of memory", path="$.training.evaluationBatchSize", code="out-of-memory")
RATES = ParameterSpec(min=1e-5, max=1e-3)


@pytest.mark.parametrize(
    ("config", "params", "fault", "certain"),
    [
        ({"batchSize": [8, 16]}, {"batchSize": 8}, TRAINING, True),
        ({"batchSize": [16, 8]}, {"batchSize": 16}, TRAINING, False),
        ({"batchSize": ParameterSpec(min=4, max=64)}, {"batchSize": 4}, TRAINING, True),
        ({"learningRate": RATES}, {"learningRate": 1e-4}, TRAINING, True),
        ({"batchSize": [8, 16], "maxLength": [64, 128]}, {"batchSize": 8, "maxLength": 128}, TRAINING, False),
        ({"batchSize": [8, 16], "maxLength": [64, 128]}, {"batchSize": 8, "maxLength": 64}, TRAINING, True),
        ({"batchSize": [8, 16]}, {"batchSize": 16}, EVALUATION, True),
        ({"batchSize": [8], "optim": ["sgd", "adamw_torch"]}, {"batchSize": 8, "optim": "sgd"}, TRAINING, False),
        ({"batchSize": [8], "bf16": True}, {"batchSize": 8, "bf16": True}, TRAINING, True),
        ({"batchSize": [8, 16]}, {"batchSize": 8}, Fault(message="NaN", code="nan-loss"), False),
    ],
)
def test_only_the_most_modest_point_is_certain(config: Any, params: Params, fault: Fault, certain: bool) -> None:
    assert (memory_floor_fault(make_space(config), params, fault) is not None) == certain


def test_what_is_said_to_need_no_memory_are_hyperparameters() -> None:
    assert {item.name for item in HYPERPARAMETERS} > memory_floor._WITHOUT_EFFECT
