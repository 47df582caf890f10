"""Runs ONNX files: one, or an encoder and its decoders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from persopt.domain.errors import ModelError
from persopt_onnxruntime.inputs import PAST, PRESENT, complete_inputs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from persopt.plugins import Runner

    Arrays = Mapping[str, np.ndarray[Any, Any]]

__all__ = ("DECODER", "ENCODER", "FILE", "WITH_PAST", "EncoderDecoderRunner", "OnnxRunner", "encode", "open_runner")

FILE: Final = "model.onnx"
ENCODER: Final = "encoder_model.onnx"
DECODER: Final = "decoder_model.onnx"
WITH_PAST: Final = "decoder_with_past_model.onnx"
_PROVIDERS: Final = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
_TYPES: Final = {
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(bool)": np.bool_,
}


class OnnxRunner:
    """An open ONNX file; of a decoder with a cache, `run` begins with an empty one and leaves out the keys and values.

    Args:
        folder: Where the file lies.
        device: `cpu` or `cuda`.
        threads: CPU threads of a call.
        name: The file.

    Raises:
        ModelError: if the file is not there or cannot be opened, or the device is none that ONNX Runtime has here.
    """

    def __init__(self, folder: Path | str, device: str, threads: int, name: str = FILE) -> None:
        import onnxruntime

        file, provider = Path(folder) / name, _PROVIDERS.get(device, device)
        if not file.is_file():
            raise ModelError(f"{folder} has no {name}")
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
        self._takes = self._session.get_inputs()
        self._types = {item.name: _TYPES.get(item.type) for item in self._takes}
        names = [item.name for item in self._session.get_outputs()]
        self._outputs = [name for name in names if not name.startswith(PRESENT)]
        self._presents = [name for name in names if name.startswith(PRESENT)]

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs that `run` takes."""
        return tuple(name for name in self._types if not name.startswith(PAST))

    @property
    def has_cache(self) -> bool:
        """Whether the graph takes keys and values of earlier tokens."""
        return any(name.startswith(PAST) for name in self._types)

    def run(self, inputs: Arrays) -> dict[str, np.ndarray[Any, Any]]:
        """Return the outputs by name; what the model does not take is left out.

        Raises:
            ModelError: if an input is missing.
        """
        return dict(zip(self._outputs, self._session.run(self._outputs, self._fit(inputs)), strict=True))

    def step(self, inputs: Arrays, cache: Arrays | None) -> tuple[np.ndarray[Any, Any], dict[str, Any]]:
        """Return the logits of the tokens given, and the cache of these and all before; see `CachedRunner`.

        Raises:
            ModelError: if an input is missing.
        """
        kept = dict(cache or {})  # of an encoder-decoder, the first step alone gives the keys and values of the source
        logits, *presents = self._session.run(["logits", *self._presents], self._fit({**inputs, **kept}))
        kept |= {name.replace(PRESENT, PAST, 1): value for name, value in zip(self._presents, presents, strict=True)}
        return logits, kept

    def _fit(self, inputs: Arrays) -> dict[str, np.ndarray[Any, Any]]:
        found = complete_inputs(self._takes, inputs)
        missing = [name for name in self._types if name not in found]
        if missing:
            raise ModelError(f"the model takes {', '.join(self.inputs)}; {', '.join(missing)} is missing")
        return {name: np.asarray(found[name], dtype=kind) for name, kind in self._types.items()}


class EncoderDecoderRunner:
    """The open graphs of an encoder-decoder.

    Args:
        encoder: From `input_ids` and `attention_mask` to `last_hidden_state`.
        decoder: From the first tokens and that to logits and a cache.
        with_past: From later tokens and the cache to logits and the cache of all.
    """

    def __init__(self, encoder: OnnxRunner, decoder: OnnxRunner, with_past: OnnxRunner) -> None:
        self._encoder, self._decoder, self._with_past = encoder, decoder, with_past

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs that `run` takes."""
        return (*self._encoder.inputs, "decoder_input_ids")

    def run(self, inputs: Arrays) -> dict[str, np.ndarray[Any, Any]]:
        """Return the logits of all decoder tokens, and the encoder's last hidden state.

        Raises:
            ModelError: if an input is missing.
        """
        if "decoder_input_ids" not in inputs:
            raise ModelError(f"the model takes {', '.join(self.inputs)}; decoder_input_ids is missing")
        encoded = self.encode(inputs)
        logits, _ = self.step(inputs["decoder_input_ids"], encoded, None)
        return {"logits": logits, "encoder_last_hidden_state": encoded["encoder_hidden_states"]}

    def encode(self, inputs: Arrays) -> dict[str, np.ndarray[Any, Any]]:
        """Return what the decoders take of the source; see `EncodingRunner`."""
        return encode(self._encoder, inputs)

    def step(
        self, tokens: np.ndarray[Any, Any], encoded: Arrays, cache: Arrays | None
    ) -> tuple[np.ndarray[Any, Any], dict[str, Any]]:
        """Return the logits of some decoder tokens, and the cache of these and all before."""
        decoder = self._decoder if cache is None else self._with_past
        return decoder.step({"input_ids": tokens, **encoded}, cache)


def encode(encoder: OnnxRunner, inputs: Arrays) -> dict[str, np.ndarray[Any, Any]]:
    """Return what a decoder takes of a source: the encoder's last hidden state, and which of it is no padding."""
    mask = inputs["attention_mask"] if "attention_mask" in inputs else np.ones_like(inputs["input_ids"])
    hidden = encoder.run({**inputs, "attention_mask": mask})["last_hidden_state"]
    return {"encoder_hidden_states": hidden, "encoder_attention_mask": mask}


def open_runner(folder: Path | str, device: str, threads: int) -> Runner:
    """Open an artifact: `model.onnx`, or the three graphs of an encoder-decoder.

    Raises:
        ModelError: as `OnnxRunner`.
    """
    if (Path(folder) / FILE).is_file() or not (Path(folder) / ENCODER).is_file():
        return OnnxRunner(folder, device, threads)
    return EncoderDecoderRunner(*(OnnxRunner(folder, device, threads, name) for name in (ENCODER, DECODER, WITH_PAST)))
