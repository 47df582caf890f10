"""A checkpoint run by PyTorch as it is: eager, in the types of its weights."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from persopt.domain.errors import ModelError
from persopt.models.whole import load_whole

if TYPE_CHECKING:
    import numpy as np
    from transformers import PreTrainedModel

__all__ = ("TorchRunner", "open_torch_runner", "run_torch_model", "takes_token_types")

_ENCODED: Final = ("input_ids", "attention_mask", "token_type_ids", "position_ids", "pixel_values")
_TYPES: Final = "token_type_ids"
_DECODED: Final = ("decoder_input_ids", "decoder_attention_mask")


class TorchRunner:
    """Runs a model of Transformers.

    Args:
        model: In evaluation mode, on its device.

    Attributes:
        model: The model.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        self.model: Final = model
        takes = inspect.signature(model.forward).parameters
        wanted = (*_ENCODED, *(_DECODED if model.config.is_encoder_decoder else ()))
        types = takes_token_types(type(model), model.config)
        self._inputs = tuple(name for name in wanted if name in takes and (types or name != _TYPES))
        self._settings: dict[str, Any] = {"use_cache": False} if "use_cache" in takes else {}

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs that `run` takes; of an encoder-decoder `decoder_input_ids` too."""
        return self._inputs

    def run(self, inputs: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
        """Return all outputs that are tensors; half-precision ones in float32."""
        import torch

        with torch.inference_mode():
            given = {name: self._place(inputs[name]) for name in self._inputs if name in inputs}
            output = self.model(**given, **self._settings, return_dict=True)
        return {
            name: (value.float() if value.is_floating_point() else value).cpu().numpy()
            for name, value in output.items()
            if isinstance(value, torch.Tensor)
        }

    def _place(self, values: np.ndarray[Any, Any]) -> Any:
        import torch

        whole = values if values.flags.writeable and values.flags.c_contiguous else values.copy()
        tensor = torch.from_numpy(whole).to(self.model.device)
        return tensor.to(self.model.dtype) if tensor.is_floating_point() else tensor


def takes_token_types(model_class: type[PreTrainedModel], config: Any) -> bool:
    """Return whether a model knows kinds of tokens, so that zeros are what it takes where none are given.

    GPT-2, CTRL and XLM look kinds up in their table of tokens: with zeros each place would have token 0 added to it.
    """
    known = getattr(config, "type_vocab_size", 0) or config.model_type == "xlnet"
    return bool(known) and _TYPES in inspect.signature(model_class.forward).parameters


@contextmanager
def open_torch_runner(
    folder: Path | str, device: str = "cpu", threads: int | None = None, dtype: Literal["auto", "float32"] = "auto"
) -> Iterator[TorchRunner]:
    """Load a checkpoint as the class it was saved from, and give what runs it.

    The number of PyTorch's threads is that of the process; it is set while the block runs, and then what it was.

    Args:
        folder: The checkpoint.
        device: `cpu` or `cuda`.
        threads: CPU threads; None leaves PyTorch's.
        dtype: `auto` keeps the types of the weights.

    Raises:
        ModelError: if it cannot be loaded, or the device is not there.
    """
    import torch

    if device != "cpu" and not torch.cuda.is_available():
        raise ModelError(f"no device {device!r} here; PyTorch sees no GPU", hint="use the device 'cpu'")
    model, _ = load_whole(folder, dtype)
    with run_torch_model(model, device, threads) as runner:
        yield runner


@contextmanager
def run_torch_model(model: Any, device: str, threads: int | None) -> Iterator[TorchRunner]:
    """Give what runs a model in evaluation mode, on the device; PyTorch's threads are set while the block runs."""
    import torch

    before = torch.get_num_threads()
    if threads is not None:
        torch.set_num_threads(threads)
    try:
        yield TorchRunner(model.to(device))
    finally:
        torch.set_num_threads(before)
