"""Decoding with every fault at once, whatever its depth."""

from __future__ import annotations

import contextlib
import enum
from typing import Annotated, Any, Literal, NewType

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from persopt.domain.errors import InputError
from persopt.domain.fault_finding import MOST_FAULTS, find_faults, join_path, list_accepted
from persopt.domain.specs import TuneSpec
from persopt.domain.validation import decode_struct


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Leaf(Struct, forbid_unknown_fields=True, rename="camel"):
    leaf_size: Annotated[int, Meta(ge=1)] = 1


class Cat(Struct, tag="cat", tag_field="type", forbid_unknown_fields=True):
    lives: int = 9


class Dog(Struct, tag="dog", tag_field="type"):
    name: str


Metres = NewType("Metres", float)


class Tree(Struct, forbid_unknown_fields=True):
    root: Leaf
    by_name: dict[str, Leaf] = {}
    rows: list[list[int]] = []
    pair: tuple[int, str] = (0, "")
    many: tuple[int, ...] = ()
    either: Leaf | list[int] | str = ""
    pet: Cat | Dog | None = None
    colour: Colour = Colour.RED
    mode: Literal["slow", "fast"] | None = None
    height: Metres = Metres(0.0)
    share: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    maybe: Annotated[Annotated[int, Meta(le=5)] | None, Meta(description="x")] = None
    anything: Any = None


def faults(value: Any, *, strict: bool = True) -> list[str]:
    with pytest.raises(InputError) as caught:
        decode_struct(value, Tree, strict=strict)
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"root": {"leafSize": "x"}}, "root.leafSize: expected an int, got 'x'"),
        ({"root": {"leafSize": 0}}, "root.leafSize: expected an int of at least 1, got 0"),
        ({"root": {"leafsize": 1}}, "root.leafsize: unknown field; did you mean 'leafSize'?"),
        ({"root": []}, "root: expected an object, got []"),
        ({"root": None}, "root: expected an object, got null"),
        ({}, "root: is required"),
        ({"root": {}, "by_name": {"a": {"leafSize": 0}}}, "by_name.a.leafSize: expected an int of at least 1, got 0"),
        ({"root": {}, "by_name": {"a b.c": 3}}, 'by_name["a b.c"]: expected an object, got 3'),
        ({"root": {}, "by_name": {"نام": 3}}, "by_name.نام: expected an object, got 3"),
        ({"root": {}, "rows": [[1], [1, "x"]]}, "rows[1][1]: expected an int, got 'x'"),
        ({"root": {}, "rows": {"a": 1}}, "rows: expected a list, got {'a': 1}"),
        ({"root": {}, "pair": [1, 2]}, "pair[1]: expected a string, got 2"),
        ({"root": {}, "pair": [1]}, "pair: expected a list of length 2, got [1]"),
        ({"root": {}, "many": [1, None]}, "many[1]: expected an int, got null"),
        ({"root": {}, "either": {"leafSize": 0}}, "either.leafSize: expected an int of at least 1, got 0"),
        ({"root": {}, "either": [1, "x"]}, "either[1]: expected an int, got 'x'"),
        ({"root": {}, "either": 3}, "either: expected a string, an object or a list, got 3"),
        ({"root": {}, "pet": {"type": "cat", "lives": "x"}}, "pet.lives: expected an int, got 'x'"),
        ({"root": {}, "pet": {"type": "dog"}}, "pet.name: is required"),
        ({"root": {}, "pet": {"type": "cow"}}, "pet.type: expected 'cat' or 'dog', got 'cow'"),
        ({"root": {}, "pet": {}}, "pet.type: is required; accepted: 'cat' or 'dog'"),
        ({"root": {}, "colour": "rad"}, "colour: expected 'red' or 'blue', got 'rad'; did you mean 'red'?"),
        ({"root": {}, "mode": "fats"}, "mode: expected 'slow' or 'fast', got 'fats'; did you mean 'fast'?"),
        ({"root": {}, "mode": 3}, "mode: expected 'slow' or 'fast', got 3"),
        ({"root": {}, "height": "tall"}, "height: expected a float, got 'tall'"),
        ({"root": {}, "share": 1.5}, "share: expected a float below 1, got 1.5"),
        ({"root": {}, "maybe": 6}, "maybe: expected an int of at most 5, got 6"),
        ([], "expected an object, got []"),
        (b'{"root": {', "not valid JSON: Input data was truncated"),
    ],
)
def test_a_fault_has_its_path_what_was_given_and_what_is_accepted(given: Any, fault: str) -> None:
    assert faults(given) == [fault]


def test_all_faults_come_at_once_in_the_order_of_the_value() -> None:
    given = {"share": 2, "rows": [["a"], [1, "b"]], "rot": 1, "root": {"leafSize": 0, "x": 1}, "pet": {"type": "cow"}}
    assert [fault.partition(":")[0] for fault in faults(given)] == [
        "share",
        "rows[0][0]",
        "rows[1][1]",
        "rot",
        "root.leafSize",
        "root.x",
        "pet.type",
    ]


def test_the_example_of_the_product() -> None:
    with pytest.raises(InputError) as caught:
        decode_struct({"config": {"learningRate": {"mn": 1e-5, "max": 1e-3}}}, TuneSpec)
    assert str(caught.value) == "config.learningRate.mn: unknown field; did you mean 'min'?"


def test_codes_tell_programs_what_is_wrong() -> None:
    with pytest.raises(InputError) as caught:
        decode_struct({"rot": 1, "share": 2}, Tree)
    assert [fault.code for fault in caught.value.faults] == ["unknown", "bad-value", "missing"]


def test_the_tag_of_a_struct_alone_is_looked_at() -> None:
    assert decode_struct({"lives": 3}, Cat) == Cat(lives=3)
    with pytest.raises(InputError, match="type: expected 'cat', got 'dog'"):
        decode_struct({"type": "dog"}, Cat)


def test_paths_begin_where_the_caller_says() -> None:
    with pytest.raises(InputError) as caught:
        decode_struct({"leafSize": 0}, Leaf, path="$.a.b")
    assert caught.value.faults[0].path == "$.a.b.leafSize"


def test_texts_stand_for_numbers_only_where_that_is_wanted() -> None:
    assert decode_struct({"leafSize": "3"}, Leaf, strict=False) == Leaf(leaf_size=3)
    assert faults({"root": {"leafSize": "3"}}) == ["root.leafSize: expected an int, got '3'"]
    assert faults({"root": {"leafSize": "x"}}, strict=False) == ["root.leafSize: expected an int, got 'x'"]


def test_bytes_are_json() -> None:
    assert decode_struct(b'{"leafSize": 3}', Leaf) == Leaf(leaf_size=3)
    with pytest.raises(InputError, match="not valid JSON"):
        decode_struct(b"\xff", Leaf)


def test_long_values_are_shortened_and_many_faults_are_cut_off() -> None:
    (fault,) = faults({"root": {"leafSize": "x" * 10_000}})
    assert len(fault) < 200
    assert len(faults({"root": {}, "rows": [["x"] * 500]})) == MOST_FAULTS


def test_nothing_wrong_is_no_fault() -> None:
    assert find_faults({"root": {}, "anything": [1, {"a": None}]}, Tree) == []


@pytest.mark.parametrize(
    ("key", "path"), [("a", "$.a"), ("a-b_1", "$.a-b_1"), ("", '$[""]'), ('a"b', '$["a\\"b"]'), (3, "$.3")]
)
def test_keys_in_paths(key: object, path: str) -> None:
    assert join_path("$", key) == path


def test_choices_are_found_under_any_wrapping() -> None:
    assert list_accepted(Annotated[Literal["b", "a"] | None, Meta(description="x")]) == ["b", "a"]
    assert list_accepted(Colour) == ["red", "blue"]
    assert list_accepted(Literal["a"] | int) == []
    assert list_accepted(int) == []


JSON: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 9)
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "cat", "red", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*(field.name for field in msgspec.structs.fields(Tree)), "leafSize", "type", "zz"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_faults_are_found_exactly_where_msgspec_refuses(value: Any) -> None:
    try:
        msgspec.convert(value, Tree)
    except msgspec.ValidationError:
        found = find_faults(value, Tree)
        assert found
        assert len({(fault.path, fault.message) for fault in found}) == len(found)
    else:
        assert find_faults(value, Tree) == []


@given(st.dictionaries(st.sampled_from([field.encode_name for field in msgspec.structs.fields(TuneSpec)]), JSON))
def test_any_body_is_a_spec_or_an_input_error(body: dict[str, Any]) -> None:
    with contextlib.suppress(InputError):
        spec = decode_struct(body, TuneSpec)
        assert find_faults(body, TuneSpec) == []
        assert isinstance(spec, TuneSpec)
