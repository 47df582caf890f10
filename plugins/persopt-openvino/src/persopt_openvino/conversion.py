"""From a Transformers checkpoint to an OpenVINO model whose batch and length are free, checked against PyTorch.

The model is converted as it is and not by way of ONNX: attention stays one operator, which OpenVINO runs fused, and
the names of operators begin with the path of their module, by which users name what is to be kept.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from persopt.domain.errors import ModelError
from persopt_openvino.libraries import load_openvino, quiet

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ("convert_checkpoint",)

_TOLERANCE: Final = 1e-3  # of the largest output: far below what 8 bits do, far above what the order of sums does
_SHAPES: Final = ((1, 3), (2, 17))  # rows, tokens; traced with others


def convert_checkpoint(folder: str, *, tolerance: float = _TOLERANCE) -> Any:
    """Return the checkpoint as an `openvino.Model` in float32.

    Args:
        folder: The checkpoint.
        tolerance: Largest difference allowed, times the largest output or 1, whichever is greater.

    Raises:
        ModelError: if the model is of a kind that cannot be converted, or gives other outputs than in PyTorch.
    """
    import torch

    openvino = load_openvino()
    with quiet():
        model = _load(folder)
        examples = _make_inputs(model, 2, 7)
        try:
            with torch.inference_mode(mode=False), torch.no_grad():
                converted = openvino.convert_model(
                    model, example_input={name: torch.from_numpy(value) for name, value in examples.items()}
                )
        except Exception as error:  # OpenVINO raises whatever tracing raises
            raise ModelError(
                f"OpenVINO cannot convert {type(model).__name__}: {_first_line(error)}",
                hint="take another backend",
            ) from error
        converted = _keep_logits(openvino, converted)
        _drop_numbers(converted)
        _check(openvino, model, converted, tolerance)
    return converted


def _load(folder: str) -> PreTrainedModel:
    import torch
    import transformers

    config = transformers.AutoConfig.from_pretrained(folder)
    names = config.architectures or ["AutoModel"]
    model_class = getattr(transformers, names[0], None)
    if model_class is None:
        raise ModelError(f"{names[0]}, the class of {folder}, is not one of Transformers' own")
    try:
        model = model_class.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa")
    except ValueError:  # this class has no such attention
        model = model_class.from_pretrained(folder, dtype=torch.float32)
    model.eval()
    for part in model.modules():
        if isinstance(part, transformers.PreTrainedModel):  # the decoder of an encoder-decoder has its own
            part.config.use_cache = False
            part.config.return_dict = True
    loaded: PreTrainedModel = model
    return loaded


def _make_inputs(model: PreTrainedModel, rows: int, length: int) -> dict[str, np.ndarray[Any, Any]]:
    takes = inspect.signature(type(model).forward).parameters
    config = model.config
    if "pixel_values" in takes and "input_ids" not in takes:
        size = config.image_size if isinstance(config.image_size, int) else config.image_size[0]
        random = np.random.default_rng(rows)
        return {"pixel_values": random.normal(size=(rows, config.num_channels, size, size)).astype(np.float32)}
    if "input_ids" not in takes:
        raise ModelError(f"{type(model).__name__} takes neither tokens nor images")
    text = config.get_text_config()
    ids = np.random.default_rng(length).integers(0, text.vocab_size, (rows, length))
    inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
    if rows > 1 and not model.config.is_encoder_decoder:
        inputs["attention_mask"][0, length // 2 :] = 0  # a row with padding
    if "token_type_ids" in takes and getattr(text, "type_vocab_size", 0) > 1:
        inputs["token_type_ids"] = np.zeros_like(ids)
    if config.is_encoder_decoder:
        inputs["decoder_input_ids"] = ids[:, : max(2, length // 2)].copy()
    return {name: value for name, value in inputs.items() if name in takes}


def _keep_logits(openvino: Any, converted: Any) -> Any:
    results = [output for output in converted.outputs if "logits" in output.get_names()]
    if len(converted.outputs) == 1 or not results:
        return converted
    kept = [output.get_node() for output in results]
    return openvino.Model(kept, converted.get_parameters(), converted.get_friendly_name())


def _drop_numbers(converted: Any) -> None:
    """Take off the numbers of traced values that inputs and outputs may have beside their names.

    `get_any_name` gives any of them, and answers are found by name (Marian's logits, a sum, have such a number).
    """
    for port in (*converted.inputs, *converted.outputs):
        names = {name for name in port.get_names() if not name.isdigit()}
        if names:
            port.get_tensor().set_names(names)


def _check(openvino: Any, model: PreTrainedModel, converted: Any, tolerance: float) -> None:
    import torch

    settings = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = openvino.Core().compile_model(converted, "CPU", settings)
    shapes = _SHAPES if "pixel_values" not in _make_inputs(model, 1, 2) else ((1, 1), (3, 1))
    for rows, length in shapes:
        inputs = _make_inputs(model, rows, length)
        with torch.no_grad():
            wanted = model(**{name: torch.from_numpy(value) for name, value in inputs.items()})
        given = compiled(inputs)
        for output in compiled.outputs:
            name = next((name for name in output.get_names() if name in wanted), None)
            if name is None:
                continue
            expected = wanted[name].numpy()
            visible = _visible(expected, inputs)
            difference = float(np.abs(given[output][visible] - expected[visible]).max())
            limit = tolerance * max(1.0, float(np.abs(expected[visible]).max()))
            if not difference <= limit:
                raise ModelError(
                    f"{type(model).__name__} gives other {name} in OpenVINO than in PyTorch, with {rows} rows of"
                    f" {length} tokens: they differ by {difference:.2g} where {limit:.2g} is allowed",
                    hint="take another backend",
                )


def _visible(values: np.ndarray[Any, Any], inputs: Mapping[str, np.ndarray[Any, Any]]) -> Any:
    """What may be compared: not the positions of padding, whose values nobody defines."""
    mask = inputs.get("attention_mask")
    if mask is not None and values.shape[:2] == mask.shape:
        return mask.astype(bool)
    return ...


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
