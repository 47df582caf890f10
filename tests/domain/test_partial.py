"""What is malformed is unknown, the rest is as it was written, and nothing can be made of the unknown."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from persopt.domain.compare_specs import CompareSpec
from persopt.domain.errors import InputError, UnknownValueError
from persopt.domain.fault_finding import find_faults
from persopt.domain.partial import UNKNOWN, decode_partly
from persopt.domain.prune_specs import PruneSpec
from persopt.domain.space_building import build_space
from persopt.domain.specs import TuneSpec
from persopt.domain.validation import decode_struct

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
BODY = st.dictionaries(st.sampled_from([field.encode_name for field in msgspec.structs.fields(TuneSpec)]), JSON)


def is_unknown(value: Any) -> bool:
    return value is UNKNOWN


def test_what_is_well_formed_stays() -> None:
    spec, faults = decode_partly(
        {"modelPath": "m", "config": {"sparsity": 2, "method": "wanda"}, "seed": "x"}, PruneSpec
    )
    assert (spec.model_path, spec.config.method, spec.config.scope) == ("m", "wanda", None)
    assert is_unknown(spec.config.sparsity)
    assert is_unknown(spec.seed)
    assert [fault.path for fault in faults] == ["$.config.sparsity", "$.seed"]


def test_lists_and_mappings_keep_their_good_items() -> None:
    body = {"config": {"a": {"min": "x", "max": 1}, "b": [1]}, "objectives": [{"metric": 3}], "enqueue": [{"a": 1}, 2]}
    spec, _ = decode_partly(body, TuneSpec)
    assert spec.config["b"] == [1]
    assert is_unknown(spec.config["a"].min)  # type: ignore[union-attr]
    assert is_unknown(spec.objectives[0].metric)
    assert spec.enqueue[0] == {"a": 1}
    assert is_unknown(spec.enqueue[1])
    compared, _ = decode_partly({"modelPaths": ["a", 3]}, CompareSpec)
    assert compared.model_paths[0] == "a"
    assert is_unknown(compared.model_paths[1])


def test_a_field_that_was_probably_meant_is_unknown() -> None:
    spec, (fault,) = decode_partly({"outputPth": "x"}, PruneSpec)
    assert "did you mean 'outputPath'" in fault.message
    assert is_unknown(spec.output_path)
    assert spec.model_path == ""


@given(BODY)
def test_the_faults_are_those_of_decoding_and_the_rest_is_as_if_alone(body: dict[str, Any]) -> None:
    spec, faults = decode_partly(body, TuneSpec)
    assert faults == find_faults(body, TuneSpec)
    wrong = {re.split(r"[.\[]", fault.path)[1] for fault in faults}
    for field in msgspec.structs.fields(TuneSpec):
        name = field.encode_name
        if name in body and name not in wrong:
            alone = decode_struct({name: body[name]}, TuneSpec)
            assert getattr(spec, field.name) == getattr(alone, field.name)


@pytest.mark.parametrize(
    "use",
    [
        bool, str, repr, len, iter, hash, float, int, Path, list, operator.index,
        lambda value: value.strip(), lambda value: value == 1, lambda value: value in (1, 2), lambda value: f"{value}",
        lambda value: value > 1, lambda value: 2 * value, lambda value: value + 1, lambda value: value[0],
    ],
)  # fmt: skip
def test_nothing_can_be_made_of_the_unknown(use: Callable[[Any], object]) -> None:
    with pytest.raises(UnknownValueError) as caught:
        use(UNKNOWN)
    assert caught.value.faults == ()


def test_a_space_tells_the_faults_of_its_well_formed_parameters() -> None:
    spec, _ = decode_partly({"config": {"epochs": {"min": "x", "max": 1}, "batchSize": []}}, TuneSpec)
    with pytest.raises(InputError) as caught:
        build_space(spec.config)
    assert [fault.path for fault in caught.value.faults] == ["$.config.batchSize"]
    with pytest.raises(UnknownValueError):
        build_space({"epochs": spec.config["epochs"]})
