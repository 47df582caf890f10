"""A plugin whose method takes other parameters than the contract gives."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from persopt.plugins import NoOptions, PruningMethod, PruningTraits, hookimpl


class Signature:
    """Written against a contract that never was."""

    name = "signature"
    title = {"en": "Signature", "fa": "امضا"}
    options = NoOptions
    traits = PruningTraits()

    def importance(self, weight: Any, ctx: Any) -> Any:
        """Return something."""
        return weight, ctx


@hookimpl
def persopt_pruning_methods() -> Iterable[PruningMethod[Any]]:
    """Offer what mypy refuses."""
    yield Signature()  # type: ignore[misc]  # broken on purpose
