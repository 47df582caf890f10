"""From the words of `persopt quantize` to a `QuantizeSpec`, with every fault at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from persopt.cli.config_building import build_config_words
from persopt.cli.struct_flags import Flag, list_flags
from persopt.domain.quantize_specs import QuantizeConfig, QuantizeSpec

if TYPE_CHECKING:
    from persopt.plugins.registry import Registry

__all__ = ("QUANTIZE_FLAGS", "build_quantize_spec")

_OWN_FORM: Final = ("modelPath", "outputPath", "backendOptions")
_SWITCHES: Final = {
    "datasetPath": "--data",
    "textColumns": "--text-column",
    "calibrationRows": "--rows",
    "measureLatency": "--measure-speed",
    "batchSizes": "--batch-sizes",
}

QUANTIZE_FLAGS: Final[tuple[Flag, ...]] = tuple(list_flags(QuantizeSpec, skip=_OWN_FORM, switches=_SWITCHES))


def build_quantize_spec(given: Mapping[str, Any], registry: Registry) -> QuantizeSpec:
    """Build the spec: the file of `--spec`, then what was given beside it.

    Args:
        given: What click read: `model`, `output`, `spec_file`, `option`, and the flags of `QUANTIZE_FLAGS`.
        registry: Knows the types of the backends' options.

    Raises:
        InputError: with every fault of the words themselves; model and data are looked at later.
    """
    return build_config_words(
        QuantizeSpec,
        QUANTIZE_FLAGS,
        given,
        "backendOptions",
        lambda config: registry.quantization_backends.get(str(config.get("backend", QuantizeConfig().backend))),
    )
