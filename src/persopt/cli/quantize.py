"""`persopt quantize`: write a model with fewer bits and measure it, as a durable job."""

from __future__ import annotations

from typing import Any

import click

from persopt.cli.options import home_option, json_option, open_runtime
from persopt.cli.plugin_help import PluginCommand
from persopt.cli.quantize_building import QUANTIZE_FLAGS, build_quantize_spec
from persopt.cli.struct_flags import add_flags
from persopt.domain.quantize_specs import AUTO_BACKEND

__all__ = ("quantize",)


class _QuantizeCommand(PluginCommand):
    switch, what, kind, default = "--backend", "backend", "quantization-backend", AUTO_BACKEND


@click.command(cls=_QuantizeCommand)
@click.argument("model", required=False)
@click.argument("output", required=False)
@click.option("--spec", "spec_file", metavar="FILE", help="The whole request as JSON, TOML or YAML; flags override it.")
@click.option("-o", "--option", metavar="NAME=VALUE", multiple=True, help="An option of the backend; see below.")
@add_flags(QUANTIZE_FLAGS)
@click.option("--detach", is_flag=True, help="Queue the job and leave it to `persopt jobs work`.")
@home_option
@json_option("Print the finished job as one JSON object on standard output.")
def quantize(home: str | None, as_json: bool, detach: bool, **given: Any) -> int:
    """Write MODEL with fewer bits into OUTPUT, and measure size, speed, memory and quality of both.

    MODEL is the folder of a Transformers checkpoint, a name in the workspace, or a hub id; OUTPUT a folder, new or
    empty. The model given stays as it is. Static quantization, qat, GPTQ and smoothing need --data; with it the
    quality is measured too.

    Ctrl-C cancels the job and leaves no OUTPUT; `persopt jobs resume` begins anew.
    """
    from persopt.cli.foreground import run_or_queue

    with open_runtime(home) as runtime:
        spec = build_quantize_spec(given, runtime.registry)
        return run_or_queue(runtime, spec, as_json=as_json, detach=detach)
