"""Strategies of strangers, whose samplers keep things with the study and with its trials."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import msgspec
import pytest

from persopt.domain.objectives import Objective
from persopt.domain.space import ParameterConfig, ParameterSpec
from persopt.domain.trials import TrialRecord
from persopt.plugins import NoOptions, SamplerRequest
from persopt.tuning.study import Study, StudyRequest
from tests.tuning.studies import FINITE, bowl, make_space, run_study

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

CONTINUOUS: dict[str, ParameterConfig] = {
    "rate": ParameterSpec(min=1e-5, max=1e-1, distribution="log_uniform"),
    "extra": ParameterSpec(min=0.0, max=1.0),
}


class QuasiRandom:
    """Keeps the next place of its sequence with the study, and repeats points if that is lost."""

    name = "quasi-random"
    title = {"en": "Quasi-random search", "fa": "جست‌وجوی شبه‌تصادفی"}
    options = NoOptions

    def sampler(self, options: NoOptions, request: SamplerRequest) -> BaseSampler:  # noqa: ARG002
        from optuna.exceptions import ExperimentalWarning
        from optuna.samplers import QMCSampler, RandomSampler

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            return QMCSampler(
                seed=request.study_seed,
                scramble=True,
                warn_asynchronous_seeding=False,
                warn_independent_sampling=False,
                independent_sampler=RandomSampler(seed=request.trial_seed),
            )


class Evolution:
    """Keeps generations with trials and parents, by the places of trials, with the study."""

    name = "evolution"
    title = {"en": "Evolution", "fa": "تکامل"}
    options = NoOptions

    def sampler(self, options: NoOptions, request: SamplerRequest) -> BaseSampler:  # noqa: ARG002
        from optuna.samplers import NSGAIISampler

        return NSGAIISampler(population_size=4, seed=request.trial_seed)


def succeed(record: TrialRecord) -> TrialRecord:
    return msgspec.structs.replace(record, state="succeeded", values=[bowl(record.params)])


def open_study(strategy: QuasiRandom | Evolution, config: dict[str, ParameterConfig]) -> Study:
    return Study(
        StudyRequest(
            strategy=strategy,
            options=NoOptions(),
            space=make_space(config),
            objectives=(Objective("value"),),
            seed=3,
            max_trials=16,
        )
    )


@pytest.mark.parametrize("config", [CONTINUOUS, FINITE])
@pytest.mark.parametrize("strategy", [QuasiRandom(), Evolution()])
def test_a_study_cut_anywhere_goes_on_as_the_uninterrupted_one(
    strategy: QuasiRandom | Evolution, config: dict[str, ParameterConfig]
) -> None:
    attributes: list[dict[str, object]] = [{}]
    study = open_study(strategy, config)
    whole: list[TrialRecord] = []
    while (asked := study.ask()) is not None:
        record = TrialRecord(number=asked.number, state="running", params=asked.params, attributes=asked.attributes)
        whole.append(study.tell(succeed(record)))
        attributes.append(msgspec.json.decode(msgspec.json.encode(study.study_attributes())))
    assert len(whole) == 16
    assert attributes[-1] != {}
    for cut in range(len(whole) + 1):
        resumed = open_study(strategy, config)
        stored = msgspec.json.decode(msgspec.json.encode(whole[:cut]), type=list[TrialRecord])
        restored = resumed.rebuild(stored, attributes[cut])
        assert restored + run_study(resumed, succeed) == whole
