"""An ONNX file run by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from persopt.domain.errors import ModelError

if TYPE_CHECKING:
    import numpy as np

__all__ = ("OnnxRunner", "open_session")

_PAST: Final = "past_key_values."
_PRESENT: Final = "present."
_TYPES: Final = {"tensor(int64)": "int64", "tensor(int32)": "int32", "tensor(float)": "float32"} | {
    "tensor(float16)": "float16",
    "tensor(bool)": "bool",
}


def open_session(file: Path, device: str = "cpu", threads: int | None = None) -> Any:
    """Return a session of ONNX Runtime.

    Args:
        file: The model.
        device: `cpu` or `cuda`.
        threads: CPU threads of a call; None means one a core.

    Raises:
        ModelError: if ONNX Runtime cannot open the file, or not on the device.
    """
    import onnxruntime

    providers = ["CPUExecutionProvider"]
    if device != "cpu":
        providers.insert(0, "CUDAExecutionProvider")
        if providers[0] not in onnxruntime.get_available_providers():
            raise ModelError(
                "this ONNX Runtime runs on the CPU only", hint="install onnxruntime-gpu, or use the device 'cpu'"
            )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors
    options.intra_op_num_threads = threads or 0
    options.inter_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=providers)
    except Exception as error:  # ONNX Runtime's errors have no common base but this
        if not type(error).__module__.startswith("onnxruntime"):
            raise
        reason = str(error).strip().splitlines()[0]
        raise ModelError(f"ONNX Runtime cannot open {file}: {reason}") from error


class OnnxRunner:
    """Runs a model that is one ONNX file.

    Of a decoder with a cache, `run` begins with an empty one; the present keys and values are left out.

    Args:
        session: Of ONNX Runtime.
    """

    def __init__(self, session: Any) -> None:
        self._session = session
        self._types = {item.name: _TYPES.get(item.type, "") for item in session.get_inputs()}
        self._past = {item.name: item.shape for item in session.get_inputs() if item.name.startswith(_PAST)}
        self._inputs = tuple(name for name in self._types if name not in self._past)
        names = [item.name for item in session.get_outputs()]
        self._outputs = [name for name in names if not name.startswith(_PRESENT)]
        self._presents = [name for name in names if name.startswith(_PRESENT)]

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs that `run` takes."""
        return self._inputs

    @property
    def has_cache(self) -> bool:
        """Whether the model takes keys and values of earlier tokens, and gives those of all."""
        return bool(self._past)

    def run(self, inputs: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
        """Return all outputs by name.

        Raises:
            ModelError: if an input is missing that cannot be told from the others.
        """
        given = self._complete(inputs)
        return dict(zip(self._outputs, self._session.run(self._outputs, given), strict=True))

    def step(
        self, inputs: Mapping[str, np.ndarray[Any, Any]], cache: Mapping[str, np.ndarray[Any, Any]] | None
    ) -> tuple[np.ndarray[Any, Any], dict[str, np.ndarray[Any, Any]]]:
        """Return the logits of the tokens given, and the cache of these and all before.

        Args:
            inputs: The new tokens' ids; the mask is of all tokens.
            cache: What the step before gave; None for the first.
        """
        given = self._complete(inputs, cache)
        names = ["logits", *self._presents]
        logits, *presents = self._session.run(names, given)
        kept = dict(cache or {})  # an encoder-decoder's cache of the encoder's side comes from its first step only
        kept |= {name.replace(_PRESENT, _PAST, 1): value for name, value in zip(self._presents, presents, strict=True)}
        return logits, kept

    def _complete(
        self, inputs: Mapping[str, np.ndarray[Any, Any]], cache: Mapping[str, np.ndarray[Any, Any]] | None = None
    ) -> dict[str, np.ndarray[Any, Any]]:
        """Return the inputs in the model's types, with those that follow from others."""
        import numpy as np

        given = {**inputs, **(cache or {})}
        rows, length = inputs.get("input_ids", next(iter(inputs.values()))).shape[:2]
        for name in self._types:
            if name in given:
                continue
            if name in self._past:
                given[name] = np.zeros(self._empty(self._past[name], rows), "float32")
            elif name == "attention_mask":
                given[name] = np.ones((rows, length), "int64")
            elif name == "token_type_ids":
                given[name] = np.zeros((rows, length), "int64")
            elif name == "position_ids" and "attention_mask" in given:
                mask = given["attention_mask"]
                given[name] = np.maximum(np.cumsum(mask, axis=1) - 1, 0)[:, -length:]
            else:
                raise ModelError(f"the model takes {name}, which is not given; got {', '.join(inputs)}")
        return {name: np.ascontiguousarray(given[name], dtype=kind or None) for name, kind in self._types.items()}

    @staticmethod
    def _empty(shape: list[Any], rows: int) -> tuple[int, ...]:
        _, heads, _, width = shape
        return rows, int(heads), 0, int(width)
