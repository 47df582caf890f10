"""The options of plugins in the help of a command, which depend on the words before `--help`."""

from __future__ import annotations

from typing import Any, ClassVar

import click

from persopt.cli.options import open_registry
from persopt.domain.quantize_specs import AUTO_BACKEND

__all__ = ("PluginCommand", "find_word", "write_options")


class PluginCommand(click.Command):
    """A command whose help also shows the options of the plugin that the words before --help name.

    Attributes:
        switch: The flag that names the plugin.
        what: What such a plugin is called.
        kind: Kind of contribution.
        default: The plugin's name where none is given.
    """

    switch: ClassVar[str]
    what: ClassVar[str]
    kind: ClassVar[str]
    default: ClassVar[str]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Remember the words, since --help comes before any of them is understood."""
        ctx.meta[__name__] = list(args)
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the flags, then the options of the plugin, then which plugins there are."""
        super().format_options(ctx, formatter)
        words: list[str] = ctx.meta.get(__name__, [])
        _, registry = open_registry(find_word(words, "--home"), quiet=True)
        name = find_word(words, self.switch) or self.default
        offered = registry.contributions(self.kind)
        if name != AUTO_BACKEND:
            write_options(formatter, "-o", self.what, offered.get(name), name)
        if not offered:
            formatter.write_text(f"No {self.what} is installed.")
            return
        with formatter.section(f"{self.what.capitalize()}s"):
            formatter.write_dl([(name, item.title["en"]) for name, item in offered.items()])
        if name == AUTO_BACKEND:
            formatter.write_text(f"The options of one are told by `{self.switch} NAME --help`.")


def find_word(words: list[str], switch: str) -> str | None:
    """Return what was given to a switch, the last time, in words that nothing has parsed yet."""
    found = None
    for index, word in enumerate(words):
        if word.startswith(f"{switch}="):
            found = word.removeprefix(f"{switch}=")
        elif word == switch and index + 1 < len(words):
            found = words[index + 1]
    return found


def write_options(formatter: click.HelpFormatter, switch: str, what: str, contribution: Any, name: str) -> None:
    """Write what options a contribution takes, or that there is none of that name."""
    from persopt.plugins.options import option_fields

    if contribution is None:
        formatter.write_text(f"There is no {what} {name!r}; `persopt plugins` lists what there is.")
        return
    rows = []
    for field in option_fields(contribution.options):
        default = "" if field.default in (None, "") else f"; default: {field.default}"
        rows.append((f"{switch} {field.cli_name}=...", f"{field.description} [{field.type_text}{default}]"))
    if rows:
        with formatter.section(f"Options of the {what} {name}"):
            formatter.write_dl(rows)
