from __future__ import annotations

import math
from collections import Counter

import msgspec
import pytest
from scipy import stats

from persopt.domain.space import ParameterConfig, ParameterSpec, Scalar
from persopt.domain.trials import TrialRecord
from tests.tuning.studies import make_study, run_study

DRAWS = 1500


def draw(config: ParameterConfig, seed: int = 3) -> list[Scalar]:
    """Draw one parameter many times, beside another that never ends so that nothing counts as a repeat."""
    study = make_study("random", {"x": config, "y": ParameterSpec(min=0.0, max=1.0)}, seed=seed, max_trials=DRAWS)

    def succeed(record: TrialRecord) -> TrialRecord:
        return msgspec.structs.replace(record, state="succeeded", values=[0.0])

    return [record.params["x"] for record in run_study(study, succeed)]


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-3.0, 5.5)])
def test_uniform_draws_are_uniform(low: float, high: float) -> None:
    drawn = draw(ParameterSpec(min=low, max=high))
    assert stats.kstest(drawn, stats.uniform(low, high - low).cdf).pvalue > 0.01


@pytest.mark.parametrize(("low", "high"), [(1e-5, 1e-3), (0.5, 64.0)])
def test_log_uniform_draws_are_log_uniform(low: float, high: float) -> None:
    drawn = draw(ParameterSpec(min=low, max=high, distribution="log_uniform"))
    assert stats.kstest(drawn, stats.loguniform(low, high).cdf).pvalue > 0.01
    # The test can tell: the same draws are not uniform.
    assert stats.kstest(drawn, stats.uniform(low, high - low).cdf).pvalue < 1e-6


def test_whole_numbers_are_drawn_equally_often() -> None:
    counts = Counter(draw(ParameterSpec(min=2, max=11)))
    assert set(counts) == set(range(2, 12))
    assert stats.chisquare(list(counts.values())).pvalue > 0.01


def test_log_uniform_whole_numbers_have_the_weight_of_their_unit_on_the_log_scale() -> None:
    drawn = draw(ParameterSpec(min=1, max=8, distribution="log_uniform"))
    counts = Counter(drawn)
    whole = math.log(8.5 / 0.5)
    expected = [DRAWS * math.log((value + 0.5) / (value - 0.5)) / whole for value in range(1, 9)]
    assert stats.chisquare([counts[value] for value in range(1, 9)], expected).pvalue > 0.01


def test_choices_and_grid_points_are_drawn_equally_often() -> None:
    for config in (["a", "b", 3, True], ParameterSpec(min=1e-4, max=1e-1, distribution="log_uniform", step=4)):
        counts = Counter(draw(config))  # type: ignore[arg-type]  # a list of mixed scalars is one
        assert len(counts) == 4
        assert stats.chisquare(list(counts.values())).pvalue > 0.01


def test_parameters_and_neighbouring_trials_are_independent() -> None:
    study = make_study("random", {name: ParameterSpec(min=0.0, max=1.0) for name in "xy"}, seed=5, max_trials=DRAWS)

    def succeed(record: TrialRecord) -> TrialRecord:
        return msgspec.structs.replace(record, state="succeeded", values=[0.0])

    records = run_study(study, succeed)
    x, y = ([float(record.params[name]) for record in records] for name in "xy")
    assert abs(stats.spearmanr(x, y).statistic) < 0.08
    assert abs(stats.spearmanr(x[:-1], x[1:]).statistic) < 0.08
