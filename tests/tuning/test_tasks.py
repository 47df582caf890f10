from __future__ import annotations

from typing import get_args

import pytest

from persopt.domain.objectives import default_direction
from persopt.domain.programs import TaskName
from persopt.tuning.defaults import DEFAULT_OBJECTIVES, TASK_METRICS
from persopt.tuning.tasks import default_objective, final_metrics

TASKS = get_args(TaskName)


def test_every_task_has_metrics_and_an_objective() -> None:
    assert set(TASK_METRICS) == set(DEFAULT_OBJECTIVES) == set(TASKS)


@pytest.mark.parametrize("task", TASKS)
def test_the_default_objective_is_a_metric_in_its_usual_direction(task: TaskName) -> None:
    objective = default_objective(task)

    assert objective.metric in TASK_METRICS[task]
    assert objective.direction == default_direction(objective.metric)


@pytest.mark.parametrize("task", TASKS)
def test_final_metrics_are_the_tasks_and_the_training_loss(task: TaskName) -> None:
    assert final_metrics(task) == (*TASK_METRICS[task], "trainLoss")
