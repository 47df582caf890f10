from __future__ import annotations

from typing import Any

import pytest

from persopt.domain.programs import TaskName, TrainingOptions
from persopt.tuning.task_checks import check_task_fits


@pytest.mark.parametrize(
    ("task", "config", "training", "paths"),
    [
        ("image-classification", {"maxLength": [16, 32]}, {}, ["$.config.maxLength"]),
        ("text-classification", {"maxLength": [16, 32]}, {}, []),
        ("text-classification", {"loraAlpha": 8.0, "loraDropout": 0.1}, {"adapter": "keep"},
         ["$.config.loraAlpha", "$.config.loraDropout", "$.training.adapter"]),
        ("text-classification", {"loraRank": [0, 8], "loraAlpha": 8.0}, {"adapter": "keep"}, []),
    ],
)  # fmt: skip
def test_settings_without_effect_are_refused(
    task: TaskName, config: dict[str, Any], training: dict[str, Any], paths: list[str]
) -> None:
    faults = list(check_task_fits(task, config, TrainingOptions(**training)))

    assert [fault.path for fault in faults] == paths
