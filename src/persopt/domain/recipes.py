"""A recipe: what is done to a model, in which order, to make it smaller."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from persopt.domain.structured import LayerRule, StructuredRatios

__all__ = ("CutStep", "QuantizeStep", "Recipe", "RecipeBits", "RecipeMethod", "TrainStep")

RecipeBits: TypeAlias = Literal[32, 16, 8, 4]
RecipeMethod: TypeAlias = Literal["dynamic", "static", "weight-only"]

_FLOAT_BITS: Final = 16


class CutStep(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Whole units are taken out.

    Attributes:
        method: Name of the pruning method.
        ratios: Share of each kind that is cut.
        layer_rule: How a ratio of layers chooses them.
        layers_cut: Share of the layers that is gone, whichever way they are chosen.
        keep_layers: Numbers of the layers kept instead of a ratio: those that are missed most.
    """

    method: str
    ratios: StructuredRatios = StructuredRatios()
    layer_rule: LayerRule = "importance"
    layers_cut: float = 0.0
    keep_layers: list[int] | None = None


class TrainStep(Struct, frozen=True, kw_only=True, rename="camel"):
    """The cut model learns from the labels and from the model that it was cut from.

    Attributes:
        epochs: Passes over the training rows.
        learning_rate: The highest; it falls linearly to 0.
    """

    epochs: float
    learning_rate: float


class QuantizeStep(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The model is written with fewer bits, in the form of a backend.

    Attributes:
        backend: Its name.
        method: `dynamic`, `static` or `weight-only`.
        bits: Of a weight; 32 only writes the backend's form, 16 casts.
        symmetric: Whether weights have no zero point.
        keep_worst: So many layers stay in floating point: those whose quantizing alone does most to the outputs.
        keep: Their names, where these are known.
    """

    backend: str
    method: RecipeMethod = "dynamic"
    bits: RecipeBits = 8
    symmetric: bool = True
    keep_worst: int = 0
    keep: list[str] = []


class Recipe(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Steps, in this order; one that is None or False is left out.

    Attributes:
        trim: Whether the vocabulary is trimmed to the texts of training and validation.
        cut: What is cut.
        train: How the cut model is trained; None where nothing was cut.
        quantize: How it is quantized; None leaves a checkpoint of Transformers.
    """

    trim: bool = False
    cut: CutStep | None = None
    train: TrainStep | None = None
    quantize: QuantizeStep | None = None

    def __str__(self) -> str:
        """Return the steps in a line, such as `33% of the layers cut ... | static 8 bits by onnxruntime`."""
        return " | ".join(self._list_steps()) or "nothing"

    def _list_steps(self) -> Iterator[str]:
        if self.trim:
            yield "vocabulary trimmed"
        if self.cut is not None:
            yield _describe_cut(self.cut)
        if self.train is not None:
            epochs = "1 epoch" if self.train.epochs == 1 else f"{self.train.epochs:g} epochs"
            yield f"trained {epochs} at {self.train.learning_rate:.3g}"
        if self.quantize is not None:
            yield _describe_quantization(self.quantize)


def _describe_cut(cut: CutStep) -> str:
    ratios = cut.ratios
    parts = []
    if cut.keep_layers is not None:
        parts.append(f"all layers but {', '.join(map(str, cut.keep_layers))}")
    elif ratios.layers:
        parts.append(f"{ratios.layers:.0%} of the layers ({cut.layer_rule})")
    named = {"heads": ratios.heads, "feed-forward": ratios.feed_forward, "width": ratios.hidden}
    parts += [f"{ratio:.0%} of the {name}" for name, ratio in named.items() if ratio]
    return f"cut by {cut.method}: {', '.join(parts)}"


def _describe_quantization(step: QuantizeStep) -> str:
    is_float = step.bits >= _FLOAT_BITS
    form = f"{step.bits} bits" if is_float else f"{step.method} {step.bits} bits"
    sign = "" if step.symmetric or is_float else ", asymmetric"
    kept = f", the worst {step.keep_worst} layers in floating point" if step.keep_worst else ""
    return f"{form}{sign} by {step.backend}{kept}"
