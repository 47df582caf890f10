"""What the model misses most: passes over the calibration rows before the search, to begin it well."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from persopt.compression.held_out import SearchData
from persopt.domain.compress_reports import LayerLoss, Sensitivity
from persopt.domain.compress_specs import CompressSpec
from persopt.domain.measurements import LayerError
from persopt.plugins.contracts.quantization import QuantizationRequest

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ("LEAST_LAYERS", "measure_sensitivity", "order_removal", "rank_linears")

LEAST_LAYERS: Final = 1 / 3
"""Share of its layers that a cut model keeps at least."""

_ROUNDS: Final = 12
"""Of a model with more layers than that, several go in a round."""

_PASS_ROWS: Final = 64
"""Rows of each pass that is made once a layer."""

_RANKED_ROWS: Final = 32


def measure_sensitivity(
    spec: CompressSpec, data: SearchData, cache: Path, look: Callable[[], None] = lambda: None
) -> Sensitivity:
    """Return what leaving out layers costs, and how much of the loss hangs on heads and on feed-forward neurons.

    The first is the rise of the loss when a layer hands on what it was given: of each alone, and of those that are
    missed least together, found greedily, as what a layer is worth depends on which others are there (Peer et al.,
    2022, arXiv:2105.14839). The second is the first-order estimate of the loss's change when weights become zero, |w·g|
    (Molchanov et al., 2019, arXiv:1906.10771), from one pass
    with gradients. Models of several stacks have no ranking of layers; architectures that cannot be cut have nothing.

    Args:
        spec: Resolved.
        data: Its training rows are used, no others.
        cache: Folder of prepared data.
        look: Called before every batch; may raise to end the work.
    """
    from persopt.models.whole import load_whole
    from persopt.pruning.structured.families import find_family

    begin = time.monotonic()
    model, _ = load_whole(spec.model_path, "float32")
    family = find_family(model.config)
    batches = list(_labelled(spec, data, cache, min(_PASS_ROWS, spec.calibration_rows)))
    layers: list[LayerLoss] = []
    removal: list[LayerLoss] = []
    stacks = [found for stack in family.stacks if (found := _find_layers(model, stack.layers))]
    if len(stacks) == 1 and not family.stacks[0].shared and not model.config.is_encoder_decoder:
        plain = _loss(model, batches, look)

        def rise(gone: Iterable[int]) -> float:
            with ExitStack() as stack:
                for number in gone:
                    stack.enter_context(_left_out(stacks[0][number]))
                return _loss(model, batches, look) - plain

        layers = [LayerLoss(number=number, rise=rise([number])) for number in range(len(stacks[0]))]
        removal = order_removal(layers, rise)
    parts = _weigh_parts(model, family, batches, look)
    return Sensitivity(layers=layers, removal=removal, parts=parts, seconds=time.monotonic() - begin)


def order_removal(alone: Sequence[LayerLoss], rise: Callable[[Iterable[int]], float]) -> list[LayerLoss]:
    """Return layers in the order in which they go, down to the least that is kept.

    In each round those go whose leaving out, beside all that went before, raises the loss least.

    Args:
        alone: Each layer left out alone.
        rise: Returns by how much the loss rises when these layers are left out.
    """
    least = math.ceil(len(alone) * LEAST_LAYERS)
    left, at_once, found = list(alone), max(1, len(alone) // _ROUNDS), list[LayerLoss]()
    while len(left) > least:
        left.sort(key=lambda one: (one.rise, one.number))
        going = left[: min(at_once, len(left) - least)]
        found += going
        gone = [one.number for one in found]
        rest = [one.number for one in left[len(going) :]] if len(left) - len(going) > least else []
        left = [LayerLoss(number=number, rise=rise([*gone, number])) for number in rest]
    return found


def rank_linears(
    folder: Path,
    request: QuantizationRequest,
    spec: CompressSpec,
    data: SearchData,
    cache: Path,
    look: Callable[[], None],
) -> list[LayerError]:
    """Return the linear layers of a checkpoint by the error that quantizing each alone adds, the worst first."""
    from persopt.evaluation.batches import InputBatches
    from persopt.evaluation.rows import open_rows
    from persopt.models.whole import load_whole
    from persopt.quantization.sensitivity import rank_layers

    assert spec.task is not None  # resolved
    limit = min(_RANKED_ROWS, spec.calibration_rows)
    rows = open_rows(folder, data.search, spec.task, data.data, cache, seed=spec.seed, split="train", limit=limit)
    model, _ = load_whole(folder, "float32")
    return rank_layers(model, InputBatches(rows), request, look)


def _labelled(spec: CompressSpec, data: SearchData, cache: Path, limit: int) -> Iterator[dict[str, Any]]:
    from persopt.evaluation.decoder_inputs import shift_labels
    from persopt.evaluation.rows import open_rows
    from persopt.models.heads import HEADS

    assert spec.task is not None  # resolved
    rows = open_rows(
        spec.model_path, data.search, spec.task, data.data, cache, seed=spec.seed, split="train", limit=limit
    )
    for batch in rows.batches():
        if HEADS[spec.task].generates == "target":
            batch["decoder_input_ids"] = shift_labels(spec.model_path, batch["labels"])
        yield {name: value for name, value in batch.items() if name != "references"}


def _find_layers(model: Any, pattern: str) -> list[nn.Module]:
    base = next(name for name, module in model.named_modules() if module is model.base_model)
    wanted = re.escape(f"{base}.{pattern}".lstrip(".")).replace(r"\*", r"\d+")
    return [module for name, module in model.named_modules() if re.fullmatch(wanted, name)]


@contextmanager
def _left_out(layer: nn.Module) -> Iterator[None]:
    """Have a layer hand on the hidden state that it was given."""

    def replace(_: nn.Module, args: tuple[Any, ...], settings: dict[str, Any], output: Any) -> Any:
        given = args[0] if args else settings["hidden_states"]
        return (given, *output[1:]) if isinstance(output, tuple) else given

    handle = layer.register_forward_hook(replace, with_kwargs=True)
    try:
        yield
    finally:
        handle.remove()


def _loss(model: Any, batches: list[dict[str, Any]], look: Callable[[], None]) -> float:
    import torch

    from persopt.data.tokenization import IGNORED
    from persopt.tuning.losses import total_loss

    total, judged = 0.0, 0
    for batch in batches:
        look()
        labels = batch["labels"]
        inputs = {name: value for name, value in batch.items() if name != "labels"}
        with torch.inference_mode():
            total += float(total_loss(model(**inputs).logits, labels))
        judged += int((labels != IGNORED).sum())
    return total / max(judged, 1)


def _weigh_parts(model: Any, family: Any, batches: list[dict[str, Any]], look: Callable[[], None]) -> dict[str, float]:
    """Return the shares of attention and feed-forward networks in |w·g|, by the weights of their last projections."""
    from persopt.pruning.statistics import gather_gradients

    ends = {
        "heads": tuple(one.output for stack in family.stacks for one in stack.attentions),
        "feedForward": tuple(stack.feed_forward.output for stack in family.stacks),
    }
    weights: dict[str, Tensor] = {name: value for name, value in model.named_parameters() if name.endswith(".weight")}
    # BERT's `attention.output.dense` ends like its `output.dense` too: the longer name decides.
    places = sorted(((end, part) for part, found in ends.items() for end in found), key=lambda one: -len(one[0]))
    chosen = {
        name: part
        for name in weights
        if (part := next((part for end, part in places if name.endswith(f".{end}.weight")), None)) is not None
    }
    gradients = gather_gradients(model, batches, chosen, look)
    sums = dict.fromkeys(ends, 0.0)
    for name, part in chosen.items():
        sums[part] += float((weights[name].detach() * gradients[name]).abs().sum())
    total = sum(sums.values())
    return {part: value / total for part, value in sums.items()} if total else {}
