"""Runs an ONNX file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from persopt.domain.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("FILE", "OnnxRunner")

FILE: Final = "model.onnx"
_PROVIDERS: Final = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
_TYPES: Final = {
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(bool)": np.bool_,
}


class OnnxRunner:
    """An open ONNX file.

    Args:
        folder: Where `model.onnx` lies.
        device: `cpu` or `cuda`.
        threads: CPU threads of a call.

    Raises:
        ModelError: if the file is not there or cannot be opened, or the device is none that ONNX Runtime has here.
    """

    def __init__(self, folder: Path | str, device: str, threads: int) -> None:
        import onnxruntime

        file, provider = Path(folder) / FILE, _PROVIDERS.get(device, device)
        if not file.is_file():
            raise ModelError(f"{folder} has no {FILE}")
        if provider not in onnxruntime.get_available_providers():
            raise ModelError(f"this ONNX Runtime cannot run on {device}", hint="pip install onnxruntime-gpu")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = 3
        providers = [provider] if device == "cpu" else [provider, _PROVIDERS["cpu"]]
        try:
            self._session = onnxruntime.InferenceSession(str(file), options, providers=providers)
        except Exception as error:
            raise ModelError(f"{file} cannot be opened: {' '.join(str(error).split())[:300]}") from error
        self._types = {item.name: _TYPES.get(item.type) for item in self._session.get_inputs()}
        self._outputs = [item.name for item in self._session.get_outputs()]

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs that `run` takes."""
        return tuple(self._types)

    def run(self, inputs: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
        """Return the outputs by name; what the model does not take is left out.

        Raises:
            ModelError: if an input is missing.
        """
        missing = [name for name in self._types if name not in inputs]
        if missing:
            raise ModelError(f"the model takes {', '.join(self._types)}; {', '.join(missing)} is missing")
        given = {name: np.asarray(inputs[name], dtype=kind) for name, kind in self._types.items()}
        return dict(zip(self._outputs, self._session.run(self._outputs, given), strict=True))
