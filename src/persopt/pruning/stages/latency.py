"""Third: the model given and the result are timed in turn on the same inputs."""

from __future__ import annotations

import inspect
import statistics
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from persopt.domain.latencies import LatencyComparison
from persopt.measure.paired_latency import measure_in_turn, median_interval
from persopt.models.description import describe_model
from persopt.models.whole import load_whole
from persopt.pruning.calibration import choose_device
from persopt.ticker import Ticker

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

__all__ = ("compare_latency",)

_TOKENS: Final = 128
_ROWS: Final = 8
_LARGE: Final = 300_000_000  # weights from which one row is enough to keep a machine busy
_WRITTEN: Final = 16  # tokens that an encoder-decoder is given as already written


def compare_latency(before: Path, after: Path, device: str, ticker: Ticker) -> LatencyComparison:
    """Time two checkpoints: before, after, before, after, ... on random inputs that both take.

    Rows are full, 8 rows of 128 tokens (one row of models from 300 million weights on) or fewer if a model takes no
    more, so nothing is padding; what is timed is one forward pass without gradients, in the type of the weights.

    Args:
        before: The checkpoint given.
        after: The pruned one.
        device: `auto`, `cpu`, `cuda` or `mps`.
        ticker: Looked at between pairs.

    Raises:
        ModelError: if one of them cannot be loaded.
    """
    import torch

    ticker.message = "measuring how long it takes"
    place = choose_device(device)
    loaded = [ticker.watch(partial(load_whole, folder))[0] for folder in (before, after)]
    models = [model.to(place) for model in loaded]  # type: ignore[arg-type]
    inputs = _make_inputs(models, before, after)
    calls = [_call(model, {name: value.to(place) for name, value in inputs.items()}, place) for model in models]
    times = measure_in_turn(calls[0], calls[1], ticker.look)
    low, high, confidence = median_interval(times.ratios)
    return LatencyComparison(
        before=statistics.median(times.first),
        after=statistics.median(times.second),
        speedup=statistics.median(times.ratios),
        low=low,
        high=high,
        confidence=confidence,
        pairs=len(times.first),
        inputs=tuple(next(iter(inputs.values())).shape),
        device=place,
        threads=torch.get_num_threads(),
    )


def _call(model: PreTrainedModel, inputs: dict[str, Tensor], place: str) -> Callable[[], None]:
    import torch

    settings = {"use_cache": False} if "use_cache" in inspect.signature(model.forward).parameters else {}
    typed = {name: value.to(model.dtype) if value.is_floating_point() else value for name, value in inputs.items()}

    def call() -> None:
        with torch.inference_mode():
            model(**typed, **settings)
        if place == "cuda":
            torch.cuda.synchronize()
        elif place == "mps":
            torch.mps.synchronize()

    return call


def _make_inputs(models: list[Any], before: Path, after: Path) -> dict[str, Tensor]:
    """Return inputs that both models take, always the same ones."""
    import torch

    chance = torch.Generator().manual_seed(0)
    config: Any = models[0].config
    takes = inspect.signature(models[0].forward).parameters
    known = [describe_model(folder) for folder in (before, after)]
    rows = 1 if known[0].parameters >= _LARGE else _ROWS
    if "pixel_values" in takes:
        size = config.image_size if isinstance(config.image_size, (tuple, list)) else (config.image_size,) * 2
        return {"pixel_values": torch.randn(rows, config.num_channels, *size, generator=chance)}
    length = min([_TOKENS, *(one.max_tokens for one in known if one.max_tokens)])
    vocabulary = min(model.config.get_text_config().vocab_size for model in models)
    # Among the first ids are the special ones; padding in the middle of a row means something to RoBERTa.
    tokens = torch.randint(min(5, vocabulary - 1), vocabulary, (rows, length), generator=chance)
    ends = [end for model in models if isinstance(end := getattr(model.config, "eos_token_id", None), int)]
    if ends and config.is_encoder_decoder:
        tokens[:, -1] = ends[0]  # T5 classifies by the state of its last end-of-text token
    inputs = {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}
    if config.is_encoder_decoder and "decoder_input_ids" in takes:
        inputs["decoder_input_ids"] = tokens[:, : min(_WRITTEN, length)].clone()
    return inputs
