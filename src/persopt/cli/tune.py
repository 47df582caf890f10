"""`persopt tune`: search the best hyperparameters, as a durable job."""

from __future__ import annotations

from typing import Any

import click

from persopt.cli.options import home_option, json_option, open_registry, open_runtime
from persopt.cli.plugin_help import find_word, write_options
from persopt.cli.spec_building import TUNE_FLAGS, build_tune_spec
from persopt.cli.struct_flags import add_flags
from persopt.domain.specs import TuneSpec

__all__ = ("tune",)


class _TuneCommand(click.Command):
    """Also shows the options of the strategy and the executor that the words before --help name."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Remember the words, since --help comes before any of them is understood."""
        ctx.meta[__name__] = list(args)
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the flags, then the options of the plugins."""
        super().format_options(ctx, formatter)
        words: list[str] = ctx.meta.get(__name__, [])
        _, registry = open_registry(find_word(words, "--home"), quiet=True)
        strategy = find_word(words, "--strategy") or TuneSpec().strategy
        executor = find_word(words, "--executor") or TuneSpec().executor
        write_options(formatter, "-o", "strategy", registry.sampling_strategies.get(strategy), strategy)
        write_options(formatter, "--executor-option", "executor", registry.trial_executors.get(executor), executor)
        with formatter.section("Strategies"):
            formatter.write_dl([(name, item.title["en"]) for name, item in registry.sampling_strategies.items()])


@click.command(cls=_TuneCommand)
@click.argument("model", required=False)
@click.argument("data_path", metavar="[DATA]", required=False)
@click.option(
    "-p",
    "--param",
    metavar="NAME=...",
    multiple=True,
    help="One hyperparameter of the search space: 1e-5..1e-3:log, 1e-5..1e-3:log:5 (5 grid points), 1..4, "
    "8,16,32, 2 (fixed), or JSON. May be repeated.",
)
@click.option("--config", "config_file", metavar="FILE", help="The search space as JSON, TOML or YAML; - is stdin.")
@click.option("--spec", "spec_file", metavar="FILE", help="The whole request as JSON, TOML or YAML; flags override it.")
@click.option(
    "--objective",
    metavar="METRIC[:DIRECTION]",
    multiple=True,
    help="What to reach, such as accuracy or loss:minimize; by default the task's own. May be repeated.",
)
@click.option(
    "--constraint",
    metavar="METRIC<=NUMBER",
    multiple=True,
    help="A limit that the best trial has to keep, such as 'latency<=20' or 'f1>=0.8'. May be repeated.",
)
@click.option(
    "--enqueue",
    metavar="NAME=VALUE,...",
    multiple=True,
    help="A point to try first; what it leaves out is sampled. May be repeated.",
)
@click.option("-o", "--option", metavar="NAME=VALUE", multiple=True, help="An option of the strategy; see below.")
@click.option("--executor-option", metavar="NAME=VALUE", multiple=True, help="An option of the executor; see below.")
@click.option(
    "--parser",
    metavar="NAME[:OPTION=VALUE;...]",
    multiple=True,
    help="What reads the output of --command; by default every built-in parser. May be repeated.",
)
@add_flags(TUNE_FLAGS)
@click.option("--detach", is_flag=True, help="Queue the job and leave it to `persopt jobs work`.")
@home_option
@json_option("Print the finished job with its trials as one JSON object on standard output.")
def tune(home: str | None, as_json: bool, detach: bool, **given: Any) -> int:
    """Search the best hyperparameters of MODEL on DATA, and save the model trained with them.

    MODEL is the folder of a Transformers checkpoint, a name in the workspace, or a hub id; DATA a file, a folder,
    a name in the workspace, or a hub id. Without --param, --config or --spec a usual space is searched. With
    --command or --function a program or a Python function is tuned instead.

    Ctrl-C cancels the job; what has finished is kept, and `persopt jobs resume` goes on with it.
    """
    from persopt.cli.foreground import run_in_foreground
    from persopt.cli.job_views import describe_job_json
    from persopt.cli.output import note, print_json

    with open_runtime(home) as runtime:
        job = runtime.kernel.submit(build_tune_spec(given, runtime.registry))
        if not detach:
            return run_in_foreground(runtime, job, as_json=as_json)
    if as_json:
        print_json(describe_job_json(job, []))
    else:
        click.echo(job.id)
    note("queued; it runs as soon as a supervisor takes it: `persopt jobs work`")
    return 0
