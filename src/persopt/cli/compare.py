"""`persopt compare`: models beside one another, as a durable job."""

from __future__ import annotations

from typing import Any, Final

import click

from persopt.cli.options import home_option, json_option, open_runtime
from persopt.cli.spec_building import read_file
from persopt.cli.struct_flags import Flag, add_flags, list_flags, put_flags
from persopt.domain.compare_specs import CompareSpec
from persopt.domain.errors import Fault
from persopt.domain.validation import decode_struct

__all__ = ("COMPARE_FLAGS", "compare")

_SWITCHES: Final = {"datasetPath": "--data", "textColumns": "--text-column", "labels": "--label"}

COMPARE_FLAGS: Final[tuple[Flag, ...]] = tuple(list_flags(CompareSpec, skip=("modelPaths",), switches=_SWITCHES))


@click.command()
@click.argument("models", nargs=-1, metavar="BASELINE MODEL...")
@click.option("--spec", "spec_file", metavar="FILE", help="The whole request as JSON, TOML or YAML; flags override it.")
@add_flags(COMPARE_FLAGS)
@click.option("--detach", is_flag=True, help="Queue the job and leave it to `persopt jobs work`.")
@home_option
@json_option("Print the finished job as one JSON object on standard output.")
def compare(home: str | None, as_json: bool, detach: bool, **given: Any) -> int:
    """Compare each MODEL with the BASELINE: speed in turn, quality on the rows of --data, memory, load time and size.

    Each is the folder of a Transformers checkpoint or of an artifact, a name in the workspace, a hub id, or the id of a
    job whose result is a model. All are open at once and timed in turn; the rows are the same for all. What comes of it
    is said in a sentence a model, with what is within chance and how many rows would be needed to tell.
    """
    from persopt.cli.foreground import run_or_queue

    spec = _build_spec(given)
    with open_runtime(home) as runtime:
        return run_or_queue(runtime, spec, as_json=as_json, detach=detach)


def _build_spec(given: dict[str, Any]) -> CompareSpec:
    faults: list[Fault] = []
    plain = read_file(given["spec_file"], "--spec", faults)
    if given["models"]:
        plain["modelPaths"] = list(given["models"])
    put_flags(COMPARE_FLAGS, given, plain, faults)
    return decode_struct(plain, CompareSpec, earlier=faults)
