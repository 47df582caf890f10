from __future__ import annotations

from typing import Any

import pytest

from persopt.domain.early_stopping import EARLY_STOPPING_OPTIONS, EarlyStopping
from persopt.domain.programs import TrainingOptions
from persopt.domain.specs import TuneSpec
from persopt.tuning.stopping.checks import DEFAULT_EVALUATIONS, resolve_stopping


def faults(**fields: Any) -> dict[str, str]:
    return {fault.path: fault.message for fault in resolve_stopping(TuneSpec(**fields))[1]}


def test_trainings_are_evaluated_often_enough_and_counted_by_evaluations() -> None:
    for fields in ({"early_stopping": EarlyStopping(method="asha")}, {"training": TrainingOptions(patience=2)}):
        spec, found = resolve_stopping(TuneSpec(**fields))
        assert (spec.training.evaluations, found) == (DEFAULT_EVALUATIONS, [])
    plain, _ = resolve_stopping(TuneSpec())
    assert plain == TuneSpec()
    asha = EarlyStopping(method="asha")
    assert resolve_stopping(TuneSpec(early_stopping=asha))[0].early_stopping.resource == "evaluation"
    function, found = resolve_stopping(TuneSpec(early_stopping=asha, function="a:b"))
    assert (function.early_stopping.resource, function.training, found) == ("step", TrainingOptions(), [])


def test_one_evaluation_is_nothing_to_go_by() -> None:
    once = TrainingOptions(evaluations=1)
    assert (
        "nothing to go by"
        in faults(training=once, early_stopping=EarlyStopping(method="median"))["$.training.evaluations"]
    )
    assert "patience" in faults(training=TrainingOptions(evaluations=1, patience=3))["$.training.evaluations"]
    assert faults(training=once) == {}


def test_options_of_another_rule_are_all_told() -> None:
    options = EarlyStopping(method="median", reduction_factor=4, max_resource=9)
    assert faults(early_stopping=options) == {
        "$.earlyStopping.maxResource": "is not used by method 'median', got 9",
        "$.earlyStopping.reductionFactor": "is not used by method 'median', got 4",
    }
    assert set(faults(early_stopping=EarlyStopping(keep_checkpoints=1))) == {"$.earlyStopping.keepCheckpoints"}


@pytest.mark.parametrize(
    ("options", "path"),
    [
        (EarlyStopping(method="asha", min_resource=9), "$.earlyStopping.minResource"),
        (EarlyStopping(method="asha", min_early_stopping_rate=2), "$.earlyStopping.minResource"),
        (EarlyStopping(method="median", warmup_steps=9), "$.earlyStopping.warmupSteps"),
        (EarlyStopping(method="hyperband", min_resource=3, max_resource=2), "$.earlyStopping.maxResource"),
    ],
)
def test_a_rule_that_never_stops_anything_is_refused(options: EarlyStopping, path: str) -> None:
    assert list(faults(early_stopping=options)) == [path]


def test_every_option_belongs_to_a_rule() -> None:
    assert frozenset().union(*EARLY_STOPPING_OPTIONS.values()) == set(EarlyStopping.__struct_fields__) - {"method"}
