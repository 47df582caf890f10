"""The search space of recipes, and where the search begins."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from persopt.compression.installed import Installed
from persopt.compression.sensitivity import LEAST_LAYERS
from persopt.domain.compress_reports import Sensitivity
from persopt.domain.compress_specs import CompressSpec
from persopt.domain.errors import PersoptError
from persopt.domain.recipes import CutStep, Recipe, TrainStep
from persopt.domain.space import ParameterConfig, ParameterSpec, Params, Scalar, Space
from persopt.domain.space_building import build_space
from persopt.domain.structured import LayerRule, StructuredRatios

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("NO_QUANTIZATION", "SearchSpace", "Shapes", "find_shapes")

NO_QUANTIZATION: Final = "none"
_MISSED: Final = "missed"
"""The layers stay that are missed most; the other rules are those of pruning."""

_RATES: Final = (2e-5, 5e-5, 1e-4, 2e-4)
_SEED_RATE: Final = 1e-4
_SEED_RULE: Final = "alternate"
"""Of what is missed least before training, training does not bring back most: notes, 033."""
_SEED_EPOCHS: Final = 2
_KEPT: Final = (0, 1, 2, 4)
_SHARES: Final = (0.0, 0.25, 0.5, 0.75)
_QUANTIZED_BELOW: Final = 16
_SEEDS: Final = 16
_HALF: Final = 0.5


class Shapes(Struct, frozen=True, kw_only=True):
    """What can be cut of a model.

    Attributes:
        layers: Ratios of layers, 0 among them.
        heads: Ratios of heads.
        feed_forward: Ratios of neurons.
        widths: Whether the hidden width must go with the heads.
        count: Number of layers; 0 where there are several stacks.
    """

    layers: list[float]
    heads: list[float]
    feed_forward: list[float]
    widths: bool = False
    count: int = 0


def find_shapes(model: Path) -> Shapes:
    """Return what a checkpoint's configuration can say of cut layers, heads and neurons.

    Raises:
        ModelError: if its architecture cannot be cut.
    """
    from persopt.models.loading import load_config
    from persopt.pruning.structured.sizes import plan_sizes, read_sizes

    config = load_config(model)
    sizes = read_sizes(config)

    def can(**ratios: float) -> bool:
        try:
            plan_sizes(config, StructuredRatios(**ratios))
        except PersoptError:
            return False
        return True

    counts = list(sizes.layers.values())
    most = max(counts)
    kept = [left for left in range(most, 0, -1) if left >= most * LEAST_LAYERS]
    layers = [1 - left / most for left in kept if left == most or can(layers=1 - left / most)]
    heads = [ratio for ratio in _SHARES if not ratio or can(heads=ratio)]
    widths = len(heads) == 1
    if widths:
        heads = [ratio for ratio in _SHARES if not ratio or can(heads=ratio, hidden=ratio)]
    feed_forward = [ratio for ratio in _SHARES if not ratio or can(feed_forward=ratio)]
    stacks = 1 if not getattr(config, "is_encoder_decoder", False) else len(counts)
    return Shapes(
        layers=layers, heads=heads, feed_forward=feed_forward, widths=widths, count=most if stacks == 1 else 0
    )


class SearchSpace:
    """Points and the recipes that they mean.

    Args:
        spec: Resolved.
        installed: What takes part.
        shapes: What can be cut; None if nothing.
        trims: Whether the vocabulary can be trimmed.
        sensitivity: What is missed.
    """

    def __init__(
        self, spec: CompressSpec, installed: Installed, shapes: Shapes | None, *, trims: bool, sensitivity: Sensitivity
    ) -> None:
        self._spec = spec
        self._installed = installed
        self._shapes = shapes if installed.methods else None
        self._trims = trims
        gone = [one.number for one in sensitivity.removal]
        stay = [one.number for one in sensitivity.layers if one.number not in gone]
        self._missed = [*stay, *reversed(gone)]
        self._sensitivity = sensitivity

    def build(self) -> Space:
        """Return the space."""
        config: dict[str, ParameterConfig] = {}
        if self._trims:
            config["trim"] = ParameterSpec(choices=[False, True])
        if self._shapes is not None:
            inside: dict[str, Scalar | list[Scalar]] = {"cut": True}
            choices: dict[str, Sequence[Scalar]] = {
                "layers": self._shapes.layers,
                "heads": self._shapes.heads,
                "feedForward": self._shapes.feed_forward,
                "layerRule": self._rules(),
                "method": self._installed.methods,
                "epochs": list(range(1, self._spec.max_epochs + 1)),
                "learningRate": _RATES,
            }
            config["cut"] = ParameterSpec(choices=[False, True])
            config |= {name: ParameterSpec(choices=list(found), when=inside) for name, found in choices.items()}
        config["quantization"] = ParameterSpec(choices=[NO_QUANTIZATION, *self._installed.steps])
        narrow: list[Scalar] = [name for name, step in self._installed.steps.items() if step.bits < _QUANTIZED_BELOW]
        if narrow:
            config["keep"] = ParameterSpec(choices=list(_KEPT), when={"quantization": narrow})
        return build_space(config, known_only=False)

    def read(self, params: Params) -> Recipe:
        """Return the recipe of a point."""
        step = self._installed.steps.get(str(params.get("quantization", NO_QUANTIZATION)))
        if step is not None:
            step = msgspec.structs.replace(step, keep_worst=int(params.get("keep", 0)))
        cut = self._read_cut(params) if params.get("cut") else None
        train = None
        if cut is not None:
            train = TrainStep(epochs=float(params["epochs"]), learning_rate=float(params["learningRate"]))
        return Recipe(trim=bool(params.get("trim", False)), cut=cut, train=train, quantize=step)

    def quantizations(self) -> list[Params]:
        """Return the points that are looked at first: of each backend its first forms, or trimming alone."""
        by_backend: dict[str, list[str]] = {}
        for name, step in self._installed.steps.items():
            by_backend.setdefault(step.backend, []).append(name)
        first: list[str] = []
        for names in by_backend.values():
            forms: dict[tuple[str, int], str] = {}
            for name in names:
                step = self._installed.steps[name]
                forms.setdefault((step.method, step.bits), name)
            small = [name for (_, bits), name in forms.items() if bits < _QUANTIZED_BELOW]
            first += (small or list(forms.values()))[: 4 if self._spec.minimize == "size" else 3]
        if not first and self._trims:
            first = [NO_QUANTIZATION]
        return [self._plain(name) for name in first]

    def cuts(self, quantization: str) -> list[Params]:
        """Return points of cut models, what is missed least first, all quantized alike."""
        shapes = self._shapes
        if shapes is None:
            return []
        # A width that goes with the heads is cut in everything: that is left to the strategy.
        heads_cut = [0.0] if shapes.widths else [ratio for ratio in shapes.heads if ratio <= _HALF]
        layers_cut = [ratio for ratio in shapes.layers if ratio <= _HALF]
        found = []
        for layers, heads, neurons in product(layers_cut, heads_cut, shapes.feed_forward):
            if not (layers or heads or neurons):
                continue
            point = self._plain(quantization) | {
                "cut": True,
                "layers": layers,
                "heads": heads,
                "feedForward": neurons,
                "layerRule": _SEED_RULE,
                "method": "gradient" if "gradient" in self._installed.methods else self._installed.methods[0],
                "epochs": min(_SEED_EPOCHS, self._spec.max_epochs),
                "learningRate": _SEED_RATE,
            }
            found.append((self._guess_loss(layers, heads, neurons), point))
        found.sort(key=lambda one: one[0])
        if len(found) > _SEEDS:  # from the mildest to the harshest, so that the limit lies between two of them
            found = [found[round(place * (len(found) - 1) / (_SEEDS - 1))] for place in range(_SEEDS)]
        return [point for _, point in found]

    def _plain(self, quantization: str) -> Params:
        point: Params = {"quantization": quantization}
        if self._trims:
            point["trim"] = True
        if self._shapes is not None:
            point["cut"] = False
        step = self._installed.steps.get(quantization)
        if step is not None and step.bits < _QUANTIZED_BELOW:
            point["keep"] = 0
        return point

    def _rules(self) -> list[Scalar]:
        shapes = self._shapes
        ranked = shapes is not None and shapes.count == len(self._missed) > 0
        return ["importance", "evenly", _SEED_RULE, *([_MISSED] if ranked else [])]

    def _read_cut(self, params: Params) -> CutStep | None:
        layers, heads, neurons = (float(params[name]) for name in ("layers", "heads", "feedForward"))
        if not (layers or heads or neurons):
            return None
        assert self._shapes is not None  # the space has no `cut` without
        rule: Any = params["layerRule"]
        keep, share = None, layers
        if rule == _MISSED and layers:
            kept = round(self._shapes.count * (1 - layers))
            keep, layers = sorted(self._missed[:kept]), 0.0
        ratios = StructuredRatios(
            heads=heads, feed_forward=neurons, hidden=heads if self._shapes.widths else 0.0, layers=layers
        )
        plain: LayerRule = rule if layers else "importance"
        return CutStep(
            method=str(params["method"]), ratios=ratios, layer_rule=plain, layers_cut=share, keep_layers=keep
        )

    def _guess_loss(self, layers: float, heads: float, neurons: float) -> float:
        """Return a number that is higher the more is missed; only its order counts."""
        parts = self._sensitivity.parts
        gone = round(len(self._missed) * layers)
        lost = max(0.0, self._sensitivity.removal[gone - 1].rise) if gone and self._missed else layers
        return lost + heads**2 * parts.get("heads", _HALF) + neurons**2 * parts.get("feedForward", _HALF)
