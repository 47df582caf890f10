"""Folders of ONNX files as PyTorch's and Optimum's users lay them out: one file, or an encoder and its decoders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from persopt.models.onnx_runner import OnnxRunner, open_session

if TYPE_CHECKING:
    import numpy as np

__all__ = (
    "DECODER_FILE",
    "ENCODER_FILE",
    "MODEL_FILE",
    "WITH_PAST_FILE",
    "EncoderDecoderRunner",
    "is_onnx_folder",
    "open_onnx_runner",
)

MODEL_FILE: Final = "model.onnx"
ENCODER_FILE: Final = "encoder_model.onnx"
DECODER_FILE: Final = "decoder_model.onnx"
WITH_PAST_FILE: Final = "decoder_with_past_model.onnx"


class EncoderDecoderRunner:
    """Runs an encoder-decoder that is an encoder, a decoder for the first tokens, and one for all later ones.

    Args:
        encoder: From `input_ids` and `attention_mask` to `last_hidden_state`.
        decoder: From decoder ids and that to logits and a cache.
        with_past: The same for more tokens and the cache.
    """

    def __init__(self, encoder: OnnxRunner, decoder: OnnxRunner, with_past: OnnxRunner) -> None:
        self._encoder, self._decoder, self._with_past = encoder, decoder, with_past

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs that `run` takes."""
        return (*self._encoder.inputs, "decoder_input_ids")

    def run(self, inputs: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
        """Return the logits of all decoder tokens, and the encoder's last hidden state."""
        encoded = self.encode(inputs)
        logits, _ = self.step(inputs["decoder_input_ids"], encoded, None)
        return {"logits": logits, "encoder_last_hidden_state": encoded["encoder_hidden_states"]}

    def encode(self, inputs: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
        """Return what the decoder takes of the text that it answers."""
        import numpy as np

        mask = inputs.get("attention_mask")
        mask = np.ones_like(inputs["input_ids"]) if mask is None else mask
        given = {name: value for name, value in inputs.items() if name in self._encoder.inputs}
        hidden = self._encoder.run(given | {"attention_mask": mask})["last_hidden_state"]
        return {"encoder_hidden_states": hidden, "encoder_attention_mask": mask}

    def step(
        self,
        tokens: np.ndarray[Any, Any],
        encoded: Mapping[str, np.ndarray[Any, Any]],
        cache: Mapping[str, np.ndarray[Any, Any]] | None,
    ) -> tuple[np.ndarray[Any, Any], dict[str, np.ndarray[Any, Any]]]:
        """Return the logits of some decoder tokens, and the cache of these and all before."""
        decoder = self._decoder if cache is None else self._with_past
        known = (*decoder.inputs, *(cache or {}))
        given = {name: value for name, value in ({"input_ids": tokens} | dict(encoded)).items() if name in known}
        return decoder.step(given, cache)


def is_onnx_folder(folder: Path) -> bool:
    """Return whether a folder holds a model as ONNX under one of the known names."""
    return (folder / MODEL_FILE).is_file() or (folder / ENCODER_FILE).is_file()


@contextmanager
def open_onnx_runner(
    folder: Path, device: str = "cpu", threads: int | None = None
) -> Iterator[OnnxRunner | EncoderDecoderRunner]:
    """Open the ONNX files of a folder.

    Args:
        folder: With `model.onnx`, or `encoder_model.onnx`, `decoder_model.onnx` and `decoder_with_past_model.onnx`.
        device: `cpu` or `cuda`.
        threads: CPU threads of a call; None means one a core.

    Raises:
        ModelError: if a file is missing or cannot be opened, or the device is not there.
    """
    if (folder / MODEL_FILE).is_file():
        yield OnnxRunner(open_session(folder / MODEL_FILE, device, threads))
        return
    encoder, decoder, with_past = (
        OnnxRunner(open_session(folder / name, device, threads))
        for name in (ENCODER_FILE, DECODER_FILE, WITH_PAST_FILE)
    )
    yield EncoderDecoderRunner(encoder, decoder, with_past)
