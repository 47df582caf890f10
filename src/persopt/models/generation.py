"""Writing by the likeliest next token, with whatever runs the model."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from persopt.domain.errors import ModelError
from persopt.models.torch_runner import TorchRunner
from persopt.plugins.contracts.quantization import CachedRunner, EncodingRunner, Runner

if TYPE_CHECKING:
    import numpy as np
    from transformers import GenerationConfig

__all__ = ("count_positions", "load_generation_config", "write_greedily")

Ids: TypeAlias = "np.ndarray[Any, Any]"

_FILE: Final = "generation_config.json"
_POSITIONS: Final = ("max_position_embeddings", "n_positions")
_UNBOUNDED: Final = ("rope_parameters", "rope_theta", "rotary_dim", "relative_attention_num_buckets")
"""What configurations have whose positions are computed and not looked up."""


def count_positions(config: Any) -> int | None:
    """Return how many tokens a model that writes has positions for; None where nothing ends them.

    What looks up a position beyond its table raises, or reads something else, depending on what runs it.
    """
    if any(getattr(config, name, None) is not None for name in _UNBOUNDED):
        return None
    return next((found for name in _POSITIONS if isinstance(found := getattr(config, name, None), int)), None)


def load_generation_config(folder: Path, config: Any) -> GenerationConfig:
    """Return what a model says of its writing: `generation_config.json`, or what its configuration tells."""
    from transformers import GenerationConfig

    if (folder / _FILE).is_file():
        return GenerationConfig.from_pretrained(folder)
    return GenerationConfig.from_model_config(config)


def write_greedily(
    runner: Runner,
    inputs: Mapping[str, Ids],
    settings: GenerationConfig,
    *,
    kind: Literal["next", "target"],
    max_new_tokens: int,
) -> Ids:
    """Return the ids that `generate(do_sample=False, num_beams=1)` of Transformers would: (rows, length).

    A decoder's begin with the prompt, an encoder-decoder's with the start token; a row that has ended is filled up with
    padding. PyTorch models write by Transformers itself, runners that have a cache with it, all others by running the
    whole text again for each token.

    Args:
        runner: What runs the model.
        inputs: Of one batch; a decoder's prompts are padded on the left.
        settings: Which tokens begin, end and pad; repetition penalty, least length and the like are kept to.
        kind: Whether the model writes on, or writes a target.
        max_new_tokens: At most so many.

    Raises:
        ModelError: if the settings name no start token where one is needed.
    """
    if isinstance(runner, TorchRunner):
        return _write_by_transformers(runner, inputs, settings, max_new_tokens)
    step, tokens = _start_next(runner, inputs) if kind == "next" else _start_target(runner, inputs, settings)
    return _loop(step, tokens, settings, max_new_tokens)


Step: TypeAlias = "Callable[[Ids, int], Ids]"  # all ids so far, and how many of them are new -> logits of the last


def _loop(step: Step, tokens: Ids, settings: Any, count: int) -> Ids:
    import numpy as np
    import torch

    start = tokens.shape[1]
    rules = _make_rules(settings, start, count)
    ends = np.atleast_1d([] if settings.eos_token_id is None else settings.eos_token_id)
    padding = ends[0] if settings.pad_token_id is None and len(ends) else settings.pad_token_id
    open_rows = np.ones(len(tokens), bool)
    new = start
    for _ in range(count):
        scores = torch.from_numpy(np.ascontiguousarray(step(tokens, new), "float32"))
        chosen = np.asarray(rules(torch.from_numpy(tokens), scores).argmax(-1))
        chosen = np.where(open_rows, chosen, 0 if padding is None else padding)
        tokens, new = np.concatenate([tokens, chosen[:, None]], axis=1), 1
        open_rows &= ~np.isin(chosen, ends)
        if not open_rows.any():
            break
    return tokens


def _start_next(runner: Runner, inputs: Mapping[str, Ids]) -> tuple[Step, Ids]:
    import numpy as np

    prompt = inputs["input_ids"]
    given = inputs.get("attention_mask")
    mask = np.ones_like(prompt) if given is None else given
    cache: Mapping[str, Ids] | None = None

    def step(tokens: Ids, new: int) -> Ids:
        nonlocal cache
        written = np.ones((len(tokens), tokens.shape[1] - mask.shape[1]), mask.dtype)
        whole = np.concatenate([mask, written], axis=1)
        positions = np.maximum(np.cumsum(whole, axis=1) - 1, 0)
        if isinstance(runner, CachedRunner) and runner.has_cache:
            known = {"input_ids": tokens[:, -new:], "attention_mask": whole}
            if "position_ids" in runner.inputs:
                known["position_ids"] = positions[:, -new:]
            logits, cache = runner.step(known, cache)
        else:
            given = {"input_ids": tokens, "attention_mask": whole, "position_ids": positions}
            if "position_ids" not in runner.inputs:  # it counts from the first place: padding goes to the end
                order = np.argsort(1 - whole, axis=1, kind="stable")
                given = {name: np.take_along_axis(value, order, axis=1) for name, value in given.items()}
            logits = runner.run({name: value for name, value in given.items() if name in runner.inputs})["logits"]
            ends = np.where(given["attention_mask"], np.arange(tokens.shape[1]), 0).max(axis=1)
            return np.asarray(logits[np.arange(len(tokens)), ends])
        last: Ids = logits[:, -1]
        return last

    return step, prompt


def _start_target(runner: Runner, inputs: Mapping[str, Ids], settings: Any) -> tuple[Step, Ids]:
    import numpy as np

    start = settings.decoder_start_token_id
    start = settings.bos_token_id if start is None else start
    if start is None:
        raise ModelError("the configuration names no decoder_start_token_id, so nothing tells how a target begins")
    encoded = runner.encode(inputs) if isinstance(runner, EncodingRunner) else {}
    cache: Mapping[str, Ids] | None = None

    def step(tokens: Ids, new: int) -> Ids:
        nonlocal cache
        if isinstance(runner, EncodingRunner):
            logits, cache = runner.step(tokens[:, -new:], encoded, cache)
        else:
            logits = runner.run({**inputs, "decoder_input_ids": tokens})["logits"]
        last: Ids = logits[:, -1]
        return last

    return step, np.full((len(inputs["input_ids"]), 1), start, "int64")


def _make_rules(settings: Any, start: int, count: int) -> Any:
    """Return what Transformers makes of the logits for the settings that change the choice of the likeliest token."""
    rules: Any = importlib.import_module("transformers.generation")
    found = rules.LogitsProcessorList()
    if settings.repetition_penalty not in (None, 1.0):
        found.append(rules.RepetitionPenaltyLogitsProcessor(settings.repetition_penalty))
    if settings.no_repeat_ngram_size:
        found.append(rules.NoRepeatNGramLogitsProcessor(settings.no_repeat_ngram_size))
    if settings.bad_words_ids is not None:
        found.append(rules.NoBadWordsLogitsProcessor(settings.bad_words_ids, settings.eos_token_id))
    if settings.eos_token_id is not None and (settings.min_length or settings.min_new_tokens):
        least = max(settings.min_length or 0, start + (settings.min_new_tokens or 0))
        found.append(rules.MinLengthLogitsProcessor(least, settings.eos_token_id))
    if settings.forced_bos_token_id is not None:
        found.append(rules.ForcedBOSTokenLogitsProcessor(settings.forced_bos_token_id))
    if settings.forced_eos_token_id is not None:
        found.append(rules.ForcedEOSTokenLogitsProcessor(start + count, settings.forced_eos_token_id))
    return found


def _write_by_transformers(
    runner: TorchRunner, inputs: Mapping[str, Ids], settings: GenerationConfig, count: int
) -> Ids:
    import torch

    model: Any = runner.model
    given = {name: torch.from_numpy(value).to(model.device) for name, value in inputs.items() if name in runner.inputs}
    with torch.inference_mode():
        written = model.generate(
            **given, generation_config=settings, do_sample=False, num_beams=1, max_length=None, max_new_tokens=count
        )
    found: Ids = written.cpu().numpy()
    return found
