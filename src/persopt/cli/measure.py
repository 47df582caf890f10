"""`persopt measure`: size, load time, memory, speed and quality of a model, alone or against another."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final

import click

from persopt.cli.options import home_option, json_option, open_registry
from persopt.cli.output import note, open_console, print_json
from persopt.cli.struct_flags import Flag, add_flags, list_flags, put_flags
from persopt.domain.errors import Fault, InputError
from persopt.domain.measure_specs import MeasureSpec
from persopt.domain.validation import decode_struct

__all__ = ("measure",)

_SWITCHES: Final = {"datasetPath": "--data", "textColumns": "--text-column"}
# Lists whose flags are in the singular and take their items at once.
_LISTED: Final = {"batchSizes": "batch", "lengths": "length"}

MEASURE_FLAGS: Final[tuple[Flag, ...]] = tuple(
    list_flags(MeasureSpec, skip=("modelPath", *_LISTED), switches=_SWITCHES)
)


@click.command()
@click.argument("model")
@click.option("--batch", metavar="ROWS,...", help="Rows of a call, for the speed. [separated by commas; default: 1,16]")
@click.option(
    "--length",
    metavar="TOKENS,...",
    help="Tokens of a row, for the speed; images need none. [separated by commas; default: 32,128]",
)
@add_flags(MEASURE_FLAGS)
@home_option
@json_option("Print the report as one JSON object on standard output.")
def measure(model: str, home: str | None, as_json: bool, **given: Any) -> int:
    """Measure MODEL: size on disk, load time, memory, speed by batch and length, quality with its intervals.

    MODEL is the folder of a Transformers checkpoint or of an artifact, a name in the workspace, or a hub id. Nothing is
    estimated: speed is timed on this machine in pinned threads, memory in a fresh process, quality on the rows of
    --data. With --against both models are timed in turn and judged on the same rows.
    """
    from persopt.cli.measure_views import print_measures
    from persopt.evaluation.measure_checks import resolve_measuring
    from persopt.evaluation.measuring import run_measuring

    spec = _build_spec(model, given)
    settings, registry = open_registry(home)
    report = run_measuring(resolve_measuring(spec, settings), registry, settings.cache, _teller())
    if as_json:
        print_json(report)
    else:
        print_measures(open_console(), report)
    return 0


def _build_spec(model: str, given: dict[str, Any]) -> MeasureSpec:
    faults: list[Fault] = []
    plain: dict[str, Any] = {"modelPath": model}
    put_flags(MEASURE_FLAGS, given, plain, faults)
    for name, switch in _LISTED.items():
        if given[switch] is not None:
            plain[name] = _read_numbers(given[switch], name, faults)
    try:
        spec = decode_struct({name: value for name, value in plain.items() if value is not None}, MeasureSpec)
    except InputError as error:
        raise InputError([*faults, *error.faults]) from None
    if faults:
        raise InputError(faults)
    return spec


def _read_numbers(text: str, name: str, faults: list[Fault]) -> list[int] | None:
    items = [item.strip() for item in text.split(",")]
    if all(item.isdecimal() and int(item) > 0 for item in items):
        return [int(item) for item in items]
    faults.append(Fault(path=f"$.{name}", message=f"expected whole numbers above 0 separated by commas, got {text!r}"))
    return None


def _teller() -> Callable[[str], None]:
    """Return what tells a person at a terminal what is being done, each thing once."""
    told: list[str] = []

    def tell(message: str) -> None:
        if sys.stderr.isatty() and told[-1:] != [message]:
            told.append(message)
            note(f"{message} ...")

    return tell
