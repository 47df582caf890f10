"""From the words of `persopt prune` to a `PruneSpec`, with every fault at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from persopt.cli.config_building import build_config_words
from persopt.cli.struct_flags import Flag, list_flags
from persopt.domain.prune_specs import PruneConfig, PruneSpec

if TYPE_CHECKING:
    from persopt.plugins.registry import Registry

__all__ = ("PRUNE_FLAGS", "build_prune_spec")

_OWN_FORM: Final = ("modelPath", "outputPath", "methodOptions")
_SWITCHES: Final = {
    "datasetPath": "--data",
    "textColumns": "--text-column",
    "include": "--include",
    "exclude": "--exclude",
    "calibrationRows": "--rows",
    "minCount": "--vocabulary-min-count",
    "maxSize": "--vocabulary-max-size",
    "keepSingleCharacters": "--vocabulary-single-characters",
    "keepTokens": "--vocabulary-token",
    "keepTexts": "--vocabulary-text",
}

PRUNE_FLAGS: Final[tuple[Flag, ...]] = tuple(list_flags(PruneSpec, skip=_OWN_FORM, switches=_SWITCHES))


def build_prune_spec(given: Mapping[str, Any], registry: Registry) -> PruneSpec:
    """Build the spec: the file of `--spec`, then what was given beside it.

    Args:
        given: What click read: `model`, `output`, `spec_file`, `option`, `vocabulary`, and the flags of `PRUNE_FLAGS`.
        registry: Knows the types of the methods' options.

    Raises:
        InputError: with every fault of the words themselves; model and data are looked at later.
    """
    return build_config_words(
        PruneSpec,
        PRUNE_FLAGS,
        given,
        "methodOptions",
        lambda config: registry.pruning_methods.get(str(config.get("method", PruneConfig().method))),
        _put_vocabulary if given.get("vocabulary") else lambda _: None,
    )


def _put_vocabulary(plain: dict[str, Any]) -> None:
    """Have the vocabulary trimmed, with the default options if none is given."""
    config = plain.get("config", {})
    if isinstance(config, Mapping) and config.get("vocabulary") is None:
        plain["config"] = {**config, "vocabulary": {}}
