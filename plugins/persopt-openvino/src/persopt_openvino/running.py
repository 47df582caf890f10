"""Running an artifact on the CPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import numpy as np

from persopt.domain.errors import ModelError
from persopt_openvino.artifacts import find_model, read_settings
from persopt_openvino.libraries import load_openvino

__all__ = ("OpenvinoRunner", "open_runner")

_FILLERS: Final[Mapping[str, Callable[..., np.ndarray[Any, Any]]]] = {
    "attention_mask": np.ones_like,
    "token_type_ids": np.zeros_like,
}


class OpenvinoRunner:
    """A compiled model and the one request that is used again and again."""

    def __init__(self, compiled: Any) -> None:
        self._request = compiled.create_infer_request()
        self._types = {port.get_any_name(): port.get_element_type().to_dtype() for port in compiled.inputs}
        self._outputs = [(port, port.get_any_name()) for port in compiled.outputs]
        self.settings = {name: compiled.get_property(name) for name in ("INFERENCE_PRECISION_HINT", "NUM_STREAMS")}

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs, as the Transformers model has them."""
        return tuple(self._types)

    def run(self, inputs: Mapping[str, np.ndarray[Any, Any]]) -> Mapping[str, np.ndarray[Any, Any]]:
        """Return the outputs by name; they are the caller's own.

        A mask that is left out hides nothing, and the tokens' type is then 0.

        Raises:
            ModelError: if another input is missing.
        """
        fed = {name: self._take(name, kind, inputs) for name, kind in self._types.items()}
        given = self._request.infer(fed, share_inputs=True)
        return {name: given[port] for port, name in self._outputs}

    def _take(self, name: str, kind: Any, inputs: Mapping[str, np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
        if name in inputs:
            return np.ascontiguousarray(inputs[name], kind)
        if name in _FILLERS and "input_ids" in inputs:
            return _FILLERS[name](inputs["input_ids"], dtype=kind)
        raise ModelError(f"the model takes {', '.join(self._types)}; {name} was not given")


@contextmanager
def open_runner(folder: str, device: str, threads: int) -> Iterator[OpenvinoRunner]:
    """Compile an artifact for latency: all threads work on one call.

    Raises:
        ModelError: if the artifact is damaged, or the device is not the CPU.
    """
    if device != "cpu":
        raise ModelError(f"OpenVINO's artifacts run on the CPU; {device} was asked for")
    file = find_model(folder)
    openvino = load_openvino()
    core = openvino.Core()
    try:
        model = core.read_model(file)
    except RuntimeError as error:
        raise ModelError(f"OpenVINO cannot read {file}: {str(error).strip().splitlines()[-1]}") from error
    settings = read_settings(model)
    has_bf16 = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    compiled = core.compile_model(
        model,
        "CPU",
        {
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": "1",
            "INFERENCE_NUM_THREADS": threads,
            # Left alone, OpenVINO computes float models in bf16 wherever the CPU has it.
            "INFERENCE_PRECISION_HINT": "bf16" if settings.precision == "bf16" and has_bf16 else "f32",
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": str(settings.dynamic_group_size),
        },
    )
    yield OpenvinoRunner(compiled)
