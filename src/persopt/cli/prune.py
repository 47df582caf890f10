"""`persopt prune`: make the least important weights of a model zero, as a durable job."""

from __future__ import annotations

from typing import Any

import click

from persopt.cli.options import home_option, json_option, open_runtime
from persopt.cli.plugin_help import PluginCommand
from persopt.cli.prune_building import PRUNE_FLAGS, build_prune_spec
from persopt.cli.struct_flags import add_flags
from persopt.domain.prune_specs import PruneConfig

__all__ = ("prune",)


class _PruneCommand(PluginCommand):
    switch, what, kind, default = "--method", "method", "pruning-method", PruneConfig().method


@click.command(cls=_PruneCommand)
@click.argument("model", required=False)
@click.argument("output", required=False)
@click.option("--spec", "spec_file", metavar="FILE", help="The whole request as JSON, TOML or YAML; flags override it.")
@click.option("-o", "--option", metavar="NAME=VALUE", multiple=True, help="An option of the method; see below.")
@click.option(
    "--vocabulary", is_flag=True, help="Trim the vocabulary to the tokens of the data set first; by itself only that."
)
@add_flags(PRUNE_FLAGS)
@click.option("--detach", is_flag=True, help="Queue the job and leave it to `persopt jobs work`.")
@home_option
@json_option("Print the finished job as one JSON object on standard output.")
def prune(home: str | None, as_json: bool, detach: bool, **given: Any) -> int:
    """Make the least important weights of MODEL zero, or take units or tokens out, and save the result in OUTPUT.

    MODEL is the folder of a Transformers checkpoint, a name in the workspace, or a hub id; OUTPUT a folder, new or
    empty. The model given stays as it is.

    Ctrl-C cancels the job and leaves no OUTPUT; `persopt jobs resume` begins anew.
    """
    from persopt.cli.foreground import run_or_queue

    with open_runtime(home) as runtime:
        spec = build_prune_spec(given, runtime.registry)
        return run_or_queue(runtime, spec, as_json=as_json, detach=detach)
