from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persopt.domain.space import ParameterConfig, ParameterSpec
from persopt.tuning.distributions import code_space, make_distribution
from persopt.tuning.unit_cube import count_places, from_share, to_share
from tests.tuning.studies import make_space

SPECS: dict[str, ParameterConfig] = {
    "float": ParameterSpec(min=-3.0, max=5.0),
    "log": ParameterSpec(min=1e-5, max=10.0, distribution="log_uniform"),
    "fixed": 0.5,
    "int": ParameterSpec(min=-2, max=7),
    "log-int": ParameterSpec(min=1, max=500, distribution="log_uniform"),
    "grid": ParameterSpec(min=1e-5, max=10.0, distribution="log_uniform", step=7),
    "choices": ["a", 2, 0.5],
    "equal-choices": [True, 1, 1.0],
}
CODES = {code.name: code for code in code_space(make_space(SPECS))}
COUNTED = {"int": 10, "grid": 7, "choices": 3, "equal-choices": 3, "log-int": 500, "fixed": 1}


@given(name=st.sampled_from(sorted(CODES)), share=st.floats(0, 1))
def test_every_share_is_a_value_that_samplers_may_answer(name: str, share: float) -> None:
    distribution = make_distribution(CODES[name])
    answer = from_share(CODES[name], share)
    assert distribution._contains(distribution.to_internal_repr(answer))


@given(name=st.sampled_from(sorted(CODES)), share=st.floats(0, 1))
def test_the_way_back_leads_to_the_same_value(name: str, share: float) -> None:
    code = CODES[name]
    answer = from_share(code, share)
    back = to_share(code, answer)
    assert 0 <= back <= 1
    assert from_share(code, back) == pytest.approx(answer)
    if name in ("float", "log"):
        assert back == pytest.approx(share, abs=1e-9)


def test_the_places_are_counted_and_equally_wide() -> None:
    assert {name: count for name, code in CODES.items() if (count := count_places(code))} == COUNTED
    for name in ("int", "grid", "choices", "equal-choices"):
        answers = Counter(from_share(CODES[name], (index + 0.5) / 4200) for index in range(4200))
        assert set(answers.values()) == {4200 // COUNTED[name]}
    logs = Counter(from_share(CODES["log-int"], (index + 0.5) / 1000) for index in range(1000))
    assert logs[1] > logs[2] > logs[3] > 0
