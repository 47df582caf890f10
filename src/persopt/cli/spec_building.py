"""From the words of `persopt tune` to a `TuneSpec`, with every fault at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from persopt.cli.parameters import parse_assignments, parse_parameters, parse_point
from persopt.cli.spec_files import read_mapping
from persopt.cli.struct_flags import Flag, list_flags, put_flags
from persopt.domain.errors import Fault, InputError
from persopt.domain.objectives import default_direction
from persopt.domain.specs import TuneSpec
from persopt.domain.validation import decode_struct

if TYPE_CHECKING:
    from persopt.plugins.contracts.base import Contribution
    from persopt.plugins.registry import Registry

__all__ = ("TUNE_FLAGS", "build_tune_spec", "put_options", "read_file")

_OWN_FORM: Final = (
    *("baseModelPath", "datasetPath", "config", "strategyOptions", "executorOptions", "objectives", "parsers"),
    *("constraints", "enqueue", "points"),
)
_SWITCHES: Final = {
    "outputDir": "--output",
    "textColumns": "--text-column",
    "method": "--early-stopping",
    "job": "--warm-start",
    "trials": "--warm-start-trials",
}
_PATHS: Final = {"model": "baseModelPath", "data_path": "datasetPath"}

_PARSER_FORM: Final = "write --parser NAME or --parser 'NAME:OPTION=VALUE;OPTION=VALUE'"

TUNE_FLAGS: Final[tuple[Flag, ...]] = tuple(list_flags(TuneSpec, skip=_OWN_FORM, switches=_SWITCHES))


def build_tune_spec(given: Mapping[str, Any], registry: Registry) -> TuneSpec:
    """Build the spec: the file of `--spec`, then what was given beside it.

    Args:
        given: What click read: `model`, `data_path`, `spec_file`, `config_file`, `param`, `objective`, `constraint`,
            `enqueue`, `option`, `executor_option`, `parser`, and the flags of `TUNE_FLAGS` by their names.
        registry: Knows the types of the plugins' options.

    Raises:
        InputError: with every fault of the words themselves; model and data are looked at later.
    """
    faults: list[Fault] = []
    plain = read_file(given.get("spec_file"), "--spec", faults)
    for parameter, name in _PATHS.items():
        if given.get(parameter) is not None:
            plain[name] = given[parameter]
    put_flags(TUNE_FLAGS, given, plain, faults)
    _put_config(given, plain, faults)
    if given.get("objective"):
        plain["objectives"] = [_parse_objective(item, faults) for item in given["objective"]]
    if given.get("constraint"):
        plain["constraints"] = [_parse_constraint(item, faults) for item in given["constraint"]]
    if given.get("enqueue"):
        plain["enqueue"] = [parse_point(item, "--enqueue", faults) for item in given["enqueue"]]
    strategy = registry.sampling_strategies.get(_name(plain, "strategy"))
    put_options(given.get("option", ()), "-o", strategy, "strategyOptions", plain, faults)
    executor = registry.trial_executors.get(_name(plain, "executor"))
    put_options(given.get("executor_option", ()), "--executor-option", executor, "executorOptions", plain, faults)
    if given.get("parser"):
        plain["parsers"] = [_parse_parser(item, registry, faults) for item in given["parser"]]
    return decode_struct(plain, TuneSpec, earlier=faults)


def _parse_parser(text: str, registry: Registry, faults: list[Fault]) -> dict[str, Any]:
    """Read `NAME` or `NAME:OPTION=VALUE;OPTION=VALUE`."""
    name, _, rest = text.partition(":")
    assigned = parse_assignments([item for item in rest.split(";") if item], "--parser", _PARSER_FORM, faults)
    parser = registry.metric_parsers.get(name)
    if not assigned or parser is None:  # the check of the name tells of it
        return {"name": name, "options": dict(assigned)}
    return {"name": name, "options": _decode_options(parser, assigned, "$.parsers", faults)}


def read_file(given: str | None, switch: str, faults: list[Fault]) -> dict[str, Any]:
    """Return what a file holds, nothing where none is given; append to `faults` why it cannot be read."""
    if given is None:
        return {}
    try:
        return read_mapping(given, switch)
    except InputError as error:
        faults += error.faults
        return {}


def _put_config(given: Mapping[str, Any], plain: dict[str, Any], faults: list[Fault]) -> None:
    """A `--config` file takes the place of the spec's space; a `--param` of one parameter in it."""
    if given.get("config_file") is not None:
        plain["config"] = read_file(given["config_file"], "--config", faults)
    parameters = parse_parameters(given.get("param", ()), faults)
    if parameters:
        before = plain.get("config")
        plain["config"] = {**(before if isinstance(before, Mapping) else {}), **parameters}


def _parse_objective(text: str, faults: list[Fault]) -> dict[str, str]:
    metric, separator, direction = text.rpartition(":")
    if not separator:
        metric, direction = direction, ""
    if not metric or (separator and direction not in ("maximize", "minimize")):
        message = f"expected METRIC, METRIC:maximize or METRIC:minimize, got {text!r}"
        faults.append(Fault(path="$.objectives", message=message))
        metric, direction = "value", ""
    return {"metric": metric, "direction": direction or default_direction(metric)}


def _parse_constraint(text: str, faults: list[Fault]) -> dict[str, Any]:
    match = re.fullmatch(r"\s*([^<>=]+?)\s*(<=|>=)\s*(\S+)\s*", text)
    try:
        if match is not None:
            return {"metric": match[1], "max" if match[2] == "<=" else "min": float(match[3])}
    except ValueError:
        pass
    message = f"expected METRIC<=NUMBER or METRIC>=NUMBER, got {text!r}"
    faults.append(Fault(path="$.constraints", message=message, hint="in quotes, since a shell redirects at < and >"))
    return {"metric": "value"}


def _name(plain: Mapping[str, Any], field: str) -> str:
    default = next(item.default for item in msgspec.structs.fields(TuneSpec) if item.name == field)
    return str(plain.get(field, default))


def put_options(
    given: Sequence[str],
    switch: str,
    contribution: Contribution | None,
    field: str,
    plain: dict[str, Any],
    faults: list[Fault],
    path: str = "",
) -> None:
    """Put `NAME=VALUE` words into the field of a contribution's options; append to `faults` what is not accepted."""
    assigned = parse_assignments(given, switch, f"write {switch} NAME=VALUE", faults)
    if not assigned:
        return
    if contribution is None:  # the check of the name tells of it
        options: dict[str, Any] = dict(assigned)
    else:
        options = _decode_options(contribution, assigned, path or f"$.{field}", faults)
    before = plain.get(field)
    plain[field] = {**(before if isinstance(before, Mapping) else {}), **options}


def _decode_options(
    contribution: Contribution, assigned: Mapping[str, str], path: str, faults: list[Fault]
) -> dict[str, Any]:
    """Return the options that were given, by their JSON names."""
    from persopt.plugins.options import decode_options, option_fields

    try:
        decoded = msgspec.to_builtins(decode_options(contribution, assigned, path, strict=False))
    except InputError as error:
        faults += error.faults
        return {}
    given = {name.replace("_", "-").casefold() for name in assigned}
    fields = option_fields(contribution.options)
    return {field.name: decoded[field.name] for field in fields if given & {field.cli_name, field.name.casefold()}}
