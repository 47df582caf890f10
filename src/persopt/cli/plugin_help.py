"""The options of plugins in the help of a command, which depend on the words before `--help`."""

from __future__ import annotations

from typing import Any

import click

__all__ = ("find_word", "write_options")


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
