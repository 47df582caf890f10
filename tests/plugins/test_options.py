"""From one Struct: decoding, fields for flags, a schema."""

from __future__ import annotations

import enum
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta, Struct

from persopt.domain.errors import InputError
from persopt.plugins import NoOptions
from persopt.plugins.options import OptionField, decode_options, option_fields, options_schema


class Scale(enum.Enum):
    LINEAR = "linear"
    LOG = "log"


class Inner(Struct, frozen=True):
    depth: Annotated[int, Meta(ge=1)] = 1


class Options(Struct, frozen=True, kw_only=True, rename="camel"):
    power: Annotated[float, Meta(gt=0, le=8, title="Norm", description="Exponent.")] = 2.0
    n_points: Annotated[Annotated[int, Meta(ge=1, le=100)] | None, Meta(description="How many.")] = None
    mode: Literal["fast", "exact"] = "fast"
    scale: Scale = Scale.LINEAR
    verbose: bool = False
    layers: list[int] = []
    shares: dict[str, float] = {}
    label: Annotated[str, Meta(pattern="^[a-z]*$")] = ""
    inner: Inner = Inner()


class Known:
    name = "known"
    title = {"en": "Known", "fa": "آشنا"}
    options: type[Struct] = Options


class Bare(Known):
    name = "bare"
    options = NoOptions


def test_plain_data_becomes_options() -> None:
    given = {"power": 3, "nPoints": 5, "mode": "exact", "layers": [1, 2], "scale": "log", "inner": {"depth": 2}}
    assert decode_options(Known(), given) == Options(
        power=3.0, n_points=5, mode="exact", layers=[1, 2], scale=Scale.LOG, inner=Inner(depth=2)
    )


def test_nothing_given_is_the_defaults() -> None:
    assert decode_options(Known(), {}) == Options()
    assert decode_options(Bare(), {}) == NoOptions()


def test_texts_from_the_command_line_become_options() -> None:
    given = {
        "power": "0.5",
        "n-points": "7",
        "verbose": "true",
        "layers": "1, 2,3",
        "shares": '{"a": 0.5}',
        "label": "abc",
    }
    assert decode_options(Known(), given, strict=False) == Options(
        power=0.5, n_points=7, verbose=True, layers=[1, 2, 3], shares={"a": 0.5}, label="abc"
    )


@pytest.mark.parametrize("name", ["nPoints", "n_points", "n-points", "N-POINTS"])
def test_names_on_the_command_line_may_be_written_in_any_way(name: str) -> None:
    assert decode_options(Known(), {name: "3"}, strict=False) == Options(n_points=3)


def test_all_faults_come_at_once_with_their_paths() -> None:
    given = {"power": 0, "nPoint": 3, "mode": "exat", "layers": [1, "x"], "inner": {"depth": 0}}
    with pytest.raises(InputError) as caught:
        decode_options(Known(), given, "$.options")
    accepted = "'inner', 'label', 'layers', 'mode', 'nPoints', 'power', 'scale', 'shares' or 'verbose'"
    assert [str(fault) for fault in caught.value.faults] == [
        f"options.nPoint: 'known' has no such option, got 'nPoint', accepted: {accepted}; did you mean 'nPoints'?",
        "options.power: expected a float above 0, got 0",
        "options.mode: expected 'fast' or 'exact', got 'exat'; did you mean 'exact'?",
        "options.layers[1]: expected an int, got 'x'",
        "options.inner.depth: expected an int of at least 1, got 0",
    ]


def test_a_contribution_without_options_says_so() -> None:
    with pytest.raises(InputError, match=r"strategyOptions.power: 'bare' takes no options, got 'power'"):
        decode_options(Bare(), {"power": 2})


def test_an_option_given_twice_is_told() -> None:
    with pytest.raises(InputError, match="'nPoints' is given twice"):
        decode_options(Known(), {"nPoints": "3", "n-points": "4"}, strict=False)


def test_strict_options_take_no_texts_for_numbers() -> None:
    with pytest.raises(InputError, match="power: expected a float, got '2'"):
        decode_options(Known(), {"power": "2"})


def test_fields_say_what_a_flag_needs() -> None:
    fields = {field.name: field for field in option_fields(Options)}
    assert list(fields) == [field.encode_name for field in msgspec.structs.fields(Options)]
    assert fields["power"] == OptionField(
        name="power",
        cli_name="power",
        type_text="a number above 0 and of at most 8",
        default=2.0,
        title="Norm",
        description="Exponent.",
    )
    assert fields["nPoints"].cli_name == "n-points"
    assert fields["nPoints"].type_text == "an integer from 1 to 100 or nothing"
    assert fields["nPoints"].description == "How many."
    assert fields["nPoints"].title == "nPoints"
    assert fields["mode"].choices == ["fast", "exact"]
    assert sorted(fields["mode"].type_text.split()[2:]) == ["exact,", "fast"]
    assert fields["scale"].choices == ["linear", "log"]
    assert fields["scale"].default == "linear"
    assert fields["verbose"].type_text == "true or false"
    assert fields["verbose"].choices == []
    assert fields["layers"].type_text == "a list, each an integer"
    assert fields["label"].type_text == "a text that matches ^[a-z]*$"
    assert fields["inner"].type_text == "an object"
    assert option_fields(NoOptions) == []


def test_what_is_no_struct_has_no_fields() -> None:
    wrong: Any = dict
    with pytest.raises(TypeError, match="expected a Struct type"):
        option_fields(wrong)


def test_the_schema_is_one_object_that_takes_nothing_unknown() -> None:
    schema = options_schema(Options)
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    assert schema["properties"]["power"] == {
        "title": "Norm",
        "description": "Exponent.",
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 8,
        "default": 2.0,
    }
    assert "Options" not in schema["$defs"]
    assert "Inner" in schema["$defs"]
    assert "$defs" not in options_schema(NoOptions)
