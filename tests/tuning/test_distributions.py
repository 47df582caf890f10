from __future__ import annotations

import msgspec
import pytest
from hypothesis import given

from persopt.domain.space import ParameterConfig, ParameterSpec, Scalar
from persopt.tuning.distributions import code_space, normalize_params
from tests.tuning.studies import finite_configs, make_space


@given(config=finite_configs())
def test_every_value_has_its_own_code_and_comes_back(config: dict[str, ParameterConfig]) -> None:
    for code in code_space(make_space(config)):
        values = code.parameter.values or ()
        coded = [code.to_sampler(value) for value in values]
        assert len(set(coded)) == len(values)
        back = [code.from_sampler(given) for given in coded]
        assert [(type(value), value) for value in back] == [(type(value), value) for value in values]


def test_a_point_is_put_in_order_after_its_way_through_a_store() -> None:
    codes = code_space(
        make_space(
            {
                "rate": ParameterSpec(min=0.0, max=1.0, step=11),
                "scale": ParameterSpec(min=0.0, max=10.0),
                "kind": [1, 1.0, True, "1"],
            }
        )
    )
    stored: dict[str, Scalar] = msgspec.json.decode(b'{"kind": 1.0, "scale": 3, "rate": 0.30000000000000004}')
    point = normalize_params(codes, stored)
    assert list(point) == ["rate", "scale", "kind"]
    assert [(type(value), value) for value in point.values()] == [(float, point["rate"]), (float, 3.0), (float, 1.0)]
    assert point["rate"] in (codes[0].parameter.values or ())


def test_a_value_that_is_none_of_the_parameters_is_refused() -> None:
    (code,) = code_space(make_space({"x": ["a", "b"]}))
    with pytest.raises(ValueError, match="'c' is none of"):
        code.normalize("c")
