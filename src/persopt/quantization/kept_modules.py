"""The modules of a checkpoint, and what the patterns of those to be kept in floating point match."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from persopt.domain.errors import Fault
from persopt.domain.names import suggest

__all__ = ("check_patterns", "list_modules", "note_empty_patterns")

_NAMED: Final = 3


def list_modules(model: Path) -> dict[str, bool]:
    """Return, by the names of the modules of a checkpoint's model, whether they hold weights; none is loaded.

    Raises:
        ModelError: if Transformers has no such model.
    """
    import torch

    from persopt.models.loading import load_config
    from persopt.models.quiet import quiet_transformers
    from persopt.models.whole import find_model_class

    model_class: Any = find_model_class(model)
    with quiet_transformers(), torch.device("meta"):
        built = model_class(load_config(model))
    return {name: any(True for _ in module.parameters()) for name, module in built.named_modules() if name}


def check_patterns(patterns: Sequence[str], names: Sequence[str]) -> Iterator[Fault]:
    """Give a fault for each pattern that matches no module."""
    for index, pattern in enumerate(patterns):
        if not any(fnmatchcase(name, pattern) for name in names):
            message = f"{pattern!r} matches no module of the model{suggest(pattern, names)}"
            hint = f"its modules have names such as {names[len(names) // 2]!r}" if names else ""
            yield Fault(path=f"$.config.keep[{index}]", message=message, hint=hint)


def note_empty_patterns(patterns: Sequence[str], modules: Mapping[str, bool]) -> list[str]:
    """Return a note for each pattern whose modules hold no weights, so that it keeps none, and name them.

    It is no fault: a backend may quantize what is between the weights too, and leave it alone where it is kept.

    Args:
        patterns: Patterns (fnmatch) of names.
        modules: As `list_modules` returns them.
    """
    notes = []
    for pattern in patterns:
        matched = [name for name in modules if fnmatchcase(name, pattern)]
        if matched and not any(modules[name] for name in matched):
            named = ", ".join(matched[:_NAMED])
            more = f" and {len(matched) - _NAMED} more" if len(matched) > _NAMED else ""
            notes.append(
                f"`keep` of {pattern!r} keeps no weight: it matches only modules without weights: {named}{more}."
            )
    return notes
