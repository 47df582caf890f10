"""A model of PyTorch as a `Runner`."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from persopt.plugins.contracts.quantization import Runner

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

__all__ = ("TorchRunner",)


class TorchRunner(Runner):
    """Runs a model of Transformers as it is, without gradients, in the type of its weights.

    Args:
        model: The model, in evaluation mode.

    Attributes:
        network: The same.
    """

    def __init__(self, model: Any) -> None:
        known = inspect.signature(model.forward).parameters
        self._inputs = tuple(name for name in known if name not in ("labels", "args", "kwargs"))
        self.network = model
        self._settings = {"use_cache": False} if "use_cache" in known else {}

    @property
    @override
    def inputs(self) -> tuple[str, ...]:
        """Names that the model's `forward` has."""
        return self._inputs

    @override
    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Return the tensors of the model's output, floats as float32."""
        import torch

        with torch.no_grad():
            output = self.network(**self._place(inputs), **self._settings, return_dict=True)
        return {name: _as_array(value) for name, value in output.items() if isinstance(value, torch.Tensor)}

    def generate(self, **settings: Any) -> Any:
        """Have the model write by its own means; tensors go to its device and come back."""
        import torch

        device = next(self.network.parameters()).device
        placed = {
            name: value.to(device) if isinstance(value, torch.Tensor) else value for name, value in settings.items()
        }
        with torch.no_grad():
            return self.network.generate(**placed).cpu()

    def _place(self, inputs: Mapping[str, Array]) -> dict[str, Any]:
        import torch

        weight = next(self.network.parameters())
        placed = {}
        for name, value in inputs.items():
            if name in self._inputs:
                tensor = torch.from_numpy(value).to(weight.device)
                placed[name] = tensor.to(weight.dtype) if tensor.is_floating_point() else tensor
        return placed


def _as_array(value: Any) -> Array:
    array: Array = (value.float() if value.is_floating_point() else value).cpu().numpy()
    return array
