"""From the words of `persopt prune` to a `PruneSpec`, with every fault at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from persopt.cli.spec_building import put_options, read_file
from persopt.cli.struct_flags import Flag, list_flags, put_flags
from persopt.domain.errors import Fault, InputError
from persopt.domain.prune_specs import PruneConfig, PruneSpec
from persopt.domain.validation import decode_struct

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
_PATHS: Final = {"model": "modelPath", "output": "outputPath"}

PRUNE_FLAGS: Final[tuple[Flag, ...]] = tuple(list_flags(PruneSpec, skip=_OWN_FORM, switches=_SWITCHES))


def build_prune_spec(given: Mapping[str, Any], registry: Registry) -> PruneSpec:
    """Build the spec: the file of `--spec`, then what was given beside it.

    Args:
        given: What click read: `model`, `output`, `spec_file`, `option`, `vocabulary`, and the flags of `PRUNE_FLAGS`.
        registry: Knows the types of the methods' options.

    Raises:
        InputError: with every fault of the words themselves; model and data are looked at later.
    """
    faults: list[Fault] = []
    plain = read_file(given.get("spec_file"), "--spec", faults)
    for parameter, name in _PATHS.items():
        if given.get(parameter) is not None:
            plain[name] = given[parameter]
    put_flags(PRUNE_FLAGS, given, plain, faults)
    if given.get("vocabulary"):
        _put_vocabulary(plain)
    _put_method_options(given, registry, plain, faults)
    try:
        spec = decode_struct(plain, PruneSpec)
    except InputError as error:
        raise InputError([*faults, *error.faults]) from None
    if faults:
        raise InputError(faults)
    return spec


def _put_vocabulary(plain: dict[str, Any]) -> None:
    """Have the vocabulary trimmed, with the default options if none is given."""
    config = plain.get("config", {})
    if isinstance(config, Mapping) and config.get("vocabulary") is None:
        plain["config"] = {**config, "vocabulary": {}}


def _put_method_options(
    given: Mapping[str, Any], registry: Registry, plain: dict[str, Any], faults: list[Fault]
) -> None:
    before = plain.get("config")
    config = dict(before) if isinstance(before, Mapping) else {}
    method = registry.pruning_methods.get(str(config.get("method", PruneConfig().method)))
    path = "$.config.methodOptions"
    put_options(given.get("option", ()), "-o", method, "methodOptions", config, faults, path)
    if "methodOptions" in config:
        plain["config"] = config
