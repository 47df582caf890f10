"""`persopt prune`: make the least important weights of a model zero, as a durable job."""

from __future__ import annotations

from typing import Any

import click

from persopt.cli.options import home_option, json_option, open_registry, open_runtime
from persopt.cli.plugin_help import find_word, write_options
from persopt.cli.prune_building import PRUNE_FLAGS, build_prune_spec
from persopt.cli.struct_flags import add_flags
from persopt.domain.prune_specs import PruneConfig

__all__ = ("prune",)


class _PruneCommand(click.Command):
    """Also shows the options of the method that the words before --help name."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Remember the words, since --help comes before any of them is understood."""
        ctx.meta[__name__] = list(args)
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the flags, then the options of the method."""
        super().format_options(ctx, formatter)
        words: list[str] = ctx.meta.get(__name__, [])
        _, registry = open_registry(find_word(words, "--home"), quiet=True)
        method = find_word(words, "--method") or PruneConfig().method
        write_options(formatter, "-o", "method", registry.pruning_methods.get(method), method)
        with formatter.section("Methods"):
            formatter.write_dl([(name, item.title["en"]) for name, item in registry.pruning_methods.items()])


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
    from persopt.cli.foreground import run_in_foreground
    from persopt.cli.job_views import describe_job_json
    from persopt.cli.output import note, print_json

    with open_runtime(home) as runtime:
        job = runtime.kernel.submit(build_prune_spec(given, runtime.registry))
        if not detach:
            return run_in_foreground(runtime, job, as_json=as_json)
    if as_json:
        print_json(describe_job_json(job, []))
    else:
        click.echo(job.id)
    note("queued; it runs as soon as a supervisor takes it: `persopt jobs work`")
    return 0
