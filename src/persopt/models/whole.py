"""Loading a checkpoint as what it is: the class it was saved from, with every weight that class has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from persopt.domain.errors import ModelError
from persopt.models.description import describe_model
from persopt.models.loading import load_config
from persopt.models.quiet import quiet_transformers

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ("find_model_class", "load_whole")

_NEW_ALLOWED: Final = "pooler"  # many bodies are saved without one


def find_model_class(folder: Path | str) -> type[PreTrainedModel]:
    """Return the class of Transformers that a checkpoint was saved from, or that of its body if it names none.

    Raises:
        ModelError: if Transformers has no such class.
    """
    import transformers

    name = describe_model(Path(folder)).architecture
    config = load_config(folder)
    found: Any = getattr(transformers, name, None) if name else None
    if found is None and not name:
        found = transformers.MODEL_MAPPING.get(type(config), None)
    if isinstance(found, tuple):
        found = found[0]
    if not (isinstance(found, type) and issubclass(found, transformers.PreTrainedModel)):
        raise ModelError(f"{folder}: Transformers has no model {name or config.model_type!r}")
    return found


def load_whole(
    folder: Path | str, dtype: Literal["auto", "float32"] = "auto"
) -> tuple[PreTrainedModel, tuple[str, ...]]:
    """Load a checkpoint on the CPU in evaluation mode; return it and the names of stored weights that it does not use.

    Args:
        folder: The checkpoint.
        dtype: `auto` keeps the types of the weights.

    Raises:
        ModelError: if it cannot be loaded, or lacks weights; only a pooler may be new (from a fixed seed).
    """
    import torch

    model_class: Any = find_model_class(folder)
    with quiet_transformers(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        try:
            model, report = model_class.from_pretrained(
                str(folder), dtype=dtype, use_safetensors=True, output_loading_info=True, local_files_only=True
            )
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            if isinstance(error, torch.OutOfMemoryError):
                raise
            lines = str(error).strip().splitlines() or [type(error).__name__]
            raise ModelError(f"the model in {folder} cannot be loaded: {lines[0]}") from error
    lacking = sorted(name for name in report["missing_keys"] if _NEW_ALLOWED not in name)
    if lacking:
        raise ModelError(
            f"the weights in {folder} do not fit its config.json: {lacking[0]} is missing ({len(lacking)} such "
            "tensors); save model and configuration together with `save_pretrained`"
        )
    return model.eval(), tuple(sorted(report["unexpected_keys"]))
