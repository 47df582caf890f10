"""`persopt metrics`: the seven figures over all jobs."""

from __future__ import annotations

import click
import msgspec

from persopt.cli.options import home_option, json_option, open_runtime
from persopt.cli.output import open_console, print_facts, print_json

__all__ = ("metrics",)


@click.command()
@home_option
@json_option()
def metrics(home: str | None, as_json: bool) -> None:
    """Show the figures over all tuning jobs of the workspace."""
    with open_runtime(home) as runtime:
        totals = runtime.kernel.totals()
    if as_json:
        print_json(msgspec.to_builtins(totals))
        return
    facts = {
        "tuning jobs": totals.total_optimizations,
        "average improvement": f"{totals.average_improvement:.2f} %",
        "best model's accuracy": totals.best_model_accuracy,
        "total training time": f"{totals.total_training_time:.3f} h",
        "successful trials": totals.successful_trials,
        "failed trials": totals.failed_trials,
        "average trial time": f"{totals.average_trial_time:.3f} min",
    }
    print_facts(open_console(), facts)
