"""Whether the weights of a checkpoint are numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from persopt.domain.errors import ModelError
from persopt.models.headers import find_weights

__all__ = ("check_finite",)

_PARAMETERS: Final = (".weight", ".bias")


def check_finite(model: Path, look: Callable[[], None] = lambda: None, path: str = "$.modelPath") -> None:
    """Read a checkpoint's weights one by one; infinite numbers are borne in buffers, such as masks, only.

    Args:
        model: Folder of the checkpoint.
        look: Called before each tensor.
        path: Field that named the model.

    Raises:
        ModelError: with the first tensor that has NaN or infinite numbers.
    """
    from safetensors import safe_open

    for file in find_weights(model, path):
        with safe_open(str(file), framework="pt") as tensors:
            for name in tensors.keys():  # noqa: SIM118  # not a mapping
                look()
                values = tensors.get_tensor(name)
                if values.element_size() == 1 or not values.is_floating_point() or values.isfinite().all():
                    continue  # types of 8 bits know neither test
                kind = "NaN" if values.isnan().any() else "infinite numbers"
                if kind == "NaN" or name.endswith(_PARAMETERS):
                    raise ModelError(
                        f"{model} has {kind} in its weights, the first in {name!r}",
                        path=path,
                        hint="look at how it was trained; quantizing does not mend it",
                    )
