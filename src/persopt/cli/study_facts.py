"""What came out of a study, in a few lines: what mattered, and where the files lie."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, Final

__all__ = ("describe_files", "describe_importances")

_MOST_SHARES: Final = 5


def describe_importances(result: Mapping[str, Any]) -> dict[str, object]:
    """Return how much each parameter mattered, in words; for several objectives a line each."""
    from persopt.tuning.html_report.document import tuning_locale

    importances: dict[str, dict[str, float]] = result.get("importances", {})
    notes: dict[str, str] = result.get("importanceNotes", {})
    words = tuning_locale("en")
    facts: dict[str, object] = {}
    for metric, shares in importances.items():
        head = "mattered" if len(importances) == 1 else f"mattered for {metric}"
        said = ", ".join(f"{name} {words.percent(share)}" for name, share in list(shares.items())[:_MOST_SHARES])
        note = words.text(f"importance.{notes[metric]}").rstrip(".") if metric in notes else ""
        facts[head] = f"{said} ({note[:1].lower()}{note[1:]})" if said and note else said or note
    return facts


def describe_files(artifacts: Mapping[str, str]) -> dict[str, object]:
    """Return where the report and the tables lie, and how many plots there are beside them."""
    plots = [path for name, path in artifacts.items() if name.endswith(".svg")]
    facts: dict[str, object] = {name: path for name, path in artifacts.items() if path not in plots}
    if plots:
        facts["plots"] = f"{len(plots)} SVG files in {PurePath(plots[0]).parent}"
    return facts
