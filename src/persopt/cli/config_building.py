"""From the words of a command to a spec with a model, an output and a `config`, with every fault at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

from persopt.cli.spec_building import put_options, read_file
from persopt.cli.struct_flags import Flag, put_flags
from persopt.domain.errors import Fault
from persopt.domain.prune_specs import PruneSpec
from persopt.domain.quantize_specs import QuantizeSpec
from persopt.domain.validation import decode_struct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from persopt.plugins.contracts.base import Contribution

__all__ = ("build_config_words",)

SpecT = TypeVar("SpecT", bound=PruneSpec | QuantizeSpec)

_PATHS: Final = {"model": "modelPath", "output": "outputPath"}


def build_config_words(
    kind: type[SpecT],
    flags: Sequence[Flag],
    given: Mapping[str, Any],
    options_field: str,
    find_contribution: Callable[[Mapping[str, Any]], Contribution | None],
    change: Callable[[dict[str, Any]], None] = lambda _: None,
) -> SpecT:
    """Build a spec: the file of `--spec`, then what was given beside it.

    Args:
        kind: The spec's type.
        flags: Those of the command, made from the spec's fields.
        given: What click read: `model`, `output`, `spec_file`, `option`, and the flags by their names.
        options_field: Field of the config that holds the options of a plugin, which `-o` gives.
        find_contribution: Returns the plugin whose options those are, for a config as far as it is known.
        change: Changes the plain form of the spec, before the options.

    Raises:
        InputError: with every fault of the words themselves; model and data are looked at later.
    """
    faults: list[Fault] = []
    plain = read_file(given.get("spec_file"), "--spec", faults)
    for parameter, name in _PATHS.items():
        if given.get(parameter) is not None:
            plain[name] = given[parameter]
    put_flags(flags, given, plain, faults)
    change(plain)
    before = plain.get("config")
    config = dict(before) if isinstance(before, Mapping) else {}
    path = f"$.config.{options_field}"
    put_options(given.get("option", ()), "-o", find_contribution(config), options_field, config, faults, path)
    if options_field in config:
        plain["config"] = config
    return decode_struct(plain, kind, earlier=faults)
