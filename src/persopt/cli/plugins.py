"""`persopt plugins`: what loaded, from where, how long it took, and what failed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click
import msgspec

from persopt.cli.errors import EXIT_FAILED, EXIT_SUCCESS
from persopt.cli.options import home_option, json_option, open_registry
from persopt.cli.output import note, open_console, print_facts, print_json, print_table
from persopt.domain.errors import NotFoundError
from persopt.domain.validation import suggest

if TYPE_CHECKING:
    from persopt.plugins.registry import Registry

__all__ = ("plugins",)

_POINTS = {
    "sampling-strategy": "sampling_strategies",
    "pruning-method": "pruning_methods",
    "quantization-backend": "quantization_backends",
    "metric-parser": "metric_parsers",
    "trial-executor": "trial_executors",
}


@click.group(invoke_without_command=True)
@click.option("--strict", is_flag=True, help="Exit with 1 if a plugin has a fault.")
@home_option
@json_option()
@click.pass_context
def plugins(ctx: click.Context, strict: bool, home: str | None, as_json: bool) -> int:
    """List the plugins: what each offers, how long its import took, what is wrong with it.

    A broken plugin never keeps the others from loading.
    """
    if ctx.invoked_subcommand is not None:
        return EXIT_SUCCESS
    _, registry = open_registry(home, quiet=True)
    broken = [record for record in registry.records if record.faults]
    if as_json:
        records = [msgspec.to_builtins(record) for record in registry.records]
        print_json({"plugins": records, "warnings": list(registry.warnings)})
    else:
        _print_records(registry)
    if broken:
        note(f"{len(broken)} of {len(registry.records)} plugins with faults")
    return EXIT_FAILED if strict and broken else EXIT_SUCCESS


@plugins.command("show")
@click.argument("name")
@home_option
@json_option()
def show_contribution(name: str, home: str | None, as_json: bool) -> None:
    """Show what a plugin offers under NAME, such as `grid` or `sampling-strategy:grid`, with its options."""
    from persopt.plugins.options import option_fields

    _, registry = open_registry(home, quiet=True)
    found = dict(_find(registry, name))
    if not found:
        names = [key for key, _ in _contributions(registry)]
        near = suggest(name, [*names, *(key.partition(":")[2] for key in names)])
        raise NotFoundError(f"no plugin offers {name!r}{near}", hint="`persopt plugins` lists what there is")
    if as_json:
        print_json({"contributions": [_as_plain(registry, key, item) for key, item in found.items()]})
        return
    console = open_console()
    for key, item in found.items():
        facts = {"contribution": key, **dict(item.title), "distribution": registry.distribution_of(item)}
        print_facts(console, facts)
        fields = option_fields(item.options)
        if fields:
            rows = [(field.cli_name, field.type_text, field.default, field.description) for field in fields]
            print_table(console, ("option", "type", "default", "meaning"), rows)
        else:
            console.print("no options")


def _print_records(registry: Registry) -> None:
    rows = [
        (
            record.name,
            record.distribution,
            record.version,
            f"{record.seconds * 1000:.1f}",
            "blocked" if record.blocked else ", ".join(record.contributions),
            len(record.faults) or None,
        )
        for record in registry.records
    ]
    heads = ("plugin", "distribution", "version", "import ms", "offers", "faults")
    console = open_console()
    print_table(console, heads, rows, right=("import ms", "faults"))
    for record in registry.records:
        for kind, texts in (("fault", record.faults), ("warning", record.warnings)):
            for text in texts:
                console.print(f"{kind} of {record.name} ({record.origin}): {text}", soft_wrap=True)
    for text in registry.warnings:
        console.print(f"warning: {text}", soft_wrap=True)


def _contributions(registry: Registry) -> Iterator[tuple[str, Any]]:
    for point, attribute in _POINTS.items():
        for name, contribution in getattr(registry, attribute).items():
            yield f"{point}:{name}", contribution


def _find(registry: Registry, name: str) -> Iterator[tuple[str, Any]]:
    for key, contribution in _contributions(registry):
        if name in (key, key.partition(":")[2]):
            yield key, contribution


def _as_plain(registry: Registry, key: str, contribution: Any) -> dict[str, Any]:
    from persopt.plugins.options import option_fields

    return {
        "contribution": key,
        "title": dict(contribution.title),
        "distribution": registry.distribution_of(contribution),
        "options": [msgspec.to_builtins(field, enc_hook=str) for field in option_fields(contribution.options)],
    }
