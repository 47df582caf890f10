"""`persopt compress`: search the fastest or smallest model within a target, as a durable job."""

from __future__ import annotations

from typing import Any, Final

import click

from persopt.cli.options import home_option, json_option, open_runtime
from persopt.cli.plugin_help import PluginCommand
from persopt.cli.spec_building import put_options, read_file
from persopt.cli.struct_flags import Flag, add_flags, list_flags, put_flags
from persopt.domain.compress_specs import CompressSpec
from persopt.domain.errors import Fault
from persopt.domain.validation import decode_struct
from persopt.plugins.registry import Registry

__all__ = ("build_compress_spec", "compress")

_OWN_FORM: Final = ("modelPath", "datasetPath", "strategyOptions")
_SWITCHES: Final = {"outputPath": "--output", "textColumns": "--text-column", "columns": "--column"}
_FLAGS: Final[tuple[Flag, ...]] = tuple(list_flags(CompressSpec, skip=_OWN_FORM, switches=_SWITCHES))
_PATHS: Final = {"model": "modelPath", "data_path": "datasetPath"}


class _CompressCommand(PluginCommand):
    switch, what, kind, default = "--strategy", "strategy", "sampling-strategy", CompressSpec().strategy


@click.command(cls=_CompressCommand)
@click.argument("model", required=False)
@click.argument("data_path", metavar="[DATA]", required=False)
@click.option("--spec", "spec_file", metavar="FILE", help="The whole request as JSON, TOML or YAML; flags override it.")
@click.option("-o", "--option", metavar="NAME=VALUE", multiple=True, help="An option of the strategy; see below.")
@add_flags(_FLAGS)
@click.option("--detach", is_flag=True, help="Queue the job and leave it to `persopt jobs work`.")
@home_option
@json_option("Print the finished job as one JSON object on standard output.")
def compress(home: str | None, as_json: bool, detach: bool, **given: Any) -> int:
    """Search how to trim, prune, train and quantize MODEL so that it is as fast or as small as a target allows.

    MODEL is the folder of a fine-tuned Transformers checkpoint, a name in the workspace, or a hub id; DATA labelled
    rows of its task. The best recipe is chosen on validation rows and confirmed once on test rows.

    Ctrl-C cancels the job; `persopt jobs resume` goes on from what was made.
    """
    from persopt.cli.foreground import run_or_queue

    with open_runtime(home) as runtime:
        spec = build_compress_spec(given, runtime.registry)
        return run_or_queue(runtime, spec, as_json=as_json, detach=detach)


def build_compress_spec(given: dict[str, Any], registry: Registry) -> CompressSpec:
    """Build the spec: the file of `--spec`, then what was given beside it; raise InputError with every fault."""
    faults: list[Fault] = []
    plain = read_file(given.get("spec_file"), "--spec", faults)
    for parameter, name in _PATHS.items():
        if given.get(parameter) is not None:
            plain[name] = given[parameter]
    put_flags(_FLAGS, given, plain, faults)
    strategy = registry.sampling_strategies.get(str(plain.get("strategy", CompressSpec().strategy)))
    put_options(given.get("option", ()), "-o", strategy, "strategyOptions", plain, faults, "$.strategyOptions")
    return decode_struct(plain, CompressSpec, earlier=faults)
