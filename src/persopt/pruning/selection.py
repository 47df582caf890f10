"""Which weights are pruned: those of linear and convolution layers, told by their names and shapes alone.

No model is built, so a selection takes no memory and is known before a job exists. A test holds the rules against
the modules of real architectures.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Final

from msgspec import Struct

from persopt.domain.errors import Fault
from persopt.domain.names import suggest
from persopt.domain.prune_specs import PruneConfig
from persopt.models.compressed import FLOAT_TYPES
from persopt.models.headers import TensorHeader

__all__ = ("SelectedTensor", "check_selection", "select_tensors")

_EMBEDDING: Final = re.compile(r"(?:.*_)?(?:embeddings?|embed|emb)|embed_.*|wte|wpe|shared|relative_attention_bias")
# The parts of a name that stand for a task's head, a pooler included: no part of the body's layers depends on them.
_HEADS: Final = frozenset(
    {
        "classification_head",
        "classifier",
        "cls",
        "discriminator_predictions",
        "generator_lm_head",
        "generator_predictions",
        "head",
        "lm_head",
        "lm_loss",
        "logits_proj",
        "multiple_choice_head",
        "pooler",
        "pre_classifier",
        "pred_layer",
        "predictions",
        "proj_out",
        "qa_outputs",
        "score",
        "sequence_summary",
        "seq_relationship",
        "sop_classifier",
        "vocab_layer_norm",
        "vocab_projector",
        "vocab_transform",
    }
)
# Families whose linear layers are Transformers' Conv1D, which keeps inputs in the first dimension.
_CONV1D_TYPES: Final = ("gpt2", "openai-gpt", "imagegpt", "decision_transformer")
_CONV1D_NAMES: Final = ("c_attn", "q_attn", "c_proj", "c_fc")
_MATRIX: Final = 2


class SelectedTensor(Struct, frozen=True):
    """A tensor that is pruned; `transposed` if its inputs, not its outputs, are the first dimension."""

    name: str
    shape: tuple[int, ...]
    transposed: bool

    @property
    def outputs(self) -> int:
        """Number of output rows."""
        return self.shape[1 if self.transposed else 0]

    @property
    def inputs(self) -> int:
        """Number of inputs of an output; of a convolution, its channels."""
        return self.shape[0 if self.transposed else 1]


def select_tensors(
    tensors: Iterable[TensorHeader], model_type: str, include: Sequence[str] = (), exclude: Sequence[str] = ()
) -> list[SelectedTensor]:
    """Return the tensors to prune, in the order given.

    Without `include` these are the weights of linear and convolution layers outside embeddings, norms and the
    heads of tasks. With it, they are the weights of at least two dimensions whose names match one of the
    patterns, heads and embeddings too. A pattern has `*`, `?` and `[]` as in a shell, and means the name of a
    tensor or that of its layer.

    Args:
        tensors: All of the checkpoint.
        model_type: Family by Transformers' name.
        include: Patterns.
        exclude: Patterns of those to leave out.
    """
    return [
        SelectedTensor(one.name, one.shape, _is_transposed(one.name, model_type))
        for one in tensors
        if _can_be_pruned(one)
        and (_matches(one.name, include) if include else _is_chosen(one.name))
        and not _matches(one.name, exclude)
    ]


def check_selection(
    tensors: Sequence[TensorHeader], model_type: str, config: PruneConfig, path: str = "$.config"
) -> Iterator[Fault]:
    """Give the faults of a selection: a pattern that matches nothing, nothing left, shapes that N:M cannot take."""
    names = [one.name for one in tensors if _can_be_pruned(one)]
    for field in ("include", "exclude"):
        for index, pattern in enumerate(getattr(config, field)):
            if not any(_matches(name, [pattern]) for name in names):
                yield Fault(
                    path=f"{path}.{field}[{index}]",
                    message=f"{pattern!r} matches no weight of the model{suggest(pattern, names)}",
                    hint=f"its weights have names such as {names[len(names) // 2]!r}" if names else "",
                )
    selected = select_tensors(tensors, model_type, config.include, config.exclude)
    if not selected:
        yield Fault(path=path, message="no weight is left to prune: every layer is left out", code="bad-model")
    if config.pattern is None:
        return
    group = int(config.pattern.partition(":")[2])
    odd = next((one for one in selected if one.inputs % group), None)
    if odd is not None:
        yield Fault(
            path=f"{path}.pattern",
            message=f"{odd.name} has {odd.inputs} inputs, which is no multiple of {group}, got {config.pattern!r}",
            hint="leave it out by exclude",
        )


def _can_be_pruned(tensor: TensorHeader) -> bool:
    return len(tensor.shape) >= _MATRIX and tensor.count > 0 and tensor.dtype in FLOAT_TYPES


def _is_chosen(name: str) -> bool:
    parts = name.split(".")
    if len(parts) == 1 or parts[-1] != "weight":
        return False
    layer = parts[-2]
    # A layer that is itself called decoder is the output embedding of a language model.
    return layer != "decoder" and _EMBEDDING.fullmatch(layer) is None and _HEADS.isdisjoint(parts)


def _matches(name: str, patterns: Iterable[str]) -> bool:
    layer = name.removesuffix(".weight")
    return any(fnmatchcase(name, pattern) or fnmatchcase(layer, pattern) for pattern in patterns)


def _is_transposed(name: str, model_type: str) -> bool:
    return model_type in _CONV1D_TYPES and name.removesuffix(".weight").rpartition(".")[2] in _CONV1D_NAMES
