"""What the decoder of an encoder-decoder reads, as the model's own class of Transformers makes it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persopt.domain.errors import ModelError
from persopt.models.heads import HEADS
from persopt.models.loading import load_config
from persopt.models.quiet import quiet_transformers

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ("empty_writer", "shift_labels")


@lru_cache(maxsize=2)
def empty_writer(folder: Path | str) -> Any:
    """Return the model of an encoder-decoder's folder without weights, for what its class knows beside them.

    Raises:
        ModelError: if its configuration is none of an encoder-decoder.
    """
    import torch
    import transformers

    loader: Any = getattr(transformers, HEADS["translation"].auto_class)
    config = load_config(folder)
    try:
        with quiet_transformers(), torch.device("meta"):
            network = loader.from_config(config)
    except ValueError as error:
        raise ModelError(f"{folder}: {config.model_type!r} is no encoder-decoder") from error
    return network.eval()


def shift_labels(folder: Path | str, labels: Tensor) -> Tensor:
    """Return the targets shifted right, padding in the place of what is not judged."""
    return empty_writer(folder).prepare_decoder_input_ids_from_labels(labels=labels)  # type: ignore[no-any-return]
