"""Which layers of each stack are kept, and what a layer was called before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from transformers import PreTrainedModel

from persopt.pruning.structured.families import Family, Stack
from persopt.pruning.structured.ratios import LayerRule
from persopt.pruning.structured.units import Scores, keep_best

__all__ = ("KeptLayers", "choose_layers", "keep_layers")


@dataclass(frozen=True)
class KeptLayers:
    """The layers of a stack.

    Attributes:
        stack: Their table of names.
        path: Of the list of layers, before and after the cut.
        numbers: Those kept; of layers that share weights, how often they run.
        modules: Names before the cut of the modules that are kept, in order.
        gone: Names before the cut of the modules that are not.
    """

    stack: Stack
    path: str
    numbers: tuple[int, ...]
    modules: tuple[str, ...]
    gone: tuple[str, ...]

    def name_before(self, name: str) -> str:
        """Return what a module or parameter that has this name after the cut was called before."""
        found = re.match(rf"{re.escape(self.path)}\.(\d+)(.*)", name)
        if self.stack.shared or not found:
            return name
        number, rest = self.numbers[int(found[1])], found[2]
        if any(rest.startswith(f".{module}") for module in self.stack.first_only):
            number = 0
        return f"{self.path}.{number}{rest}"


def keep_layers(
    model: PreTrainedModel,
    family: Family,
    counts: dict[str, int],
    scores: Scores,
    rule: LayerRule | Sequence[int],
) -> list[KeptLayers]:
    """Choose the layers of each stack that the model has, and count the weights of the others no more."""
    base = next(name for name, module in model.named_modules() if module is model.base_model)
    paths = [name for name, _ in model.named_modules()]
    kept = []
    for stack in family.stacks:
        pattern = re.escape(f"{base}.{stack.layers}".lstrip(".")).replace(r"\*", r"\d+")
        modules = [path for path in paths if re.fullmatch(pattern, path)]
        if not modules:
            continue
        total = getattr(model.config, stack.count) if stack.shared else len(modules)
        weights = [0.0] * total if stack.shared else []
        if rule == "importance" and not stack.shared and counts[stack.count] < total:
            weights = [_weigh(scores, module, stack) for module in modules]
        numbers = choose_layers(rule, total, counts[stack.count], weights)
        gone = () if stack.shared else tuple(module for n, module in enumerate(modules) if n not in numbers)
        for module in gone:
            scores.drop(module)
        kept.append(
            KeptLayers(
                stack=stack,
                path=modules[0].rpartition(".")[0],
                numbers=numbers,
                modules=tuple(module for module in modules if module not in gone),
                gone=gone,
            )
        )
    return kept


def _weigh(scores: Scores, module: str, stack: Stack) -> float:
    return scores.sum_module(module) - sum(scores.sum_module(f"{module}.{path}") for path in stack.first_only)


def choose_layers(rule: LayerRule | Sequence[int], total: int, count: int, weights: Sequence[float]) -> tuple[int, ...]:
    """Return the numbers of so many layers to keep, by a rule and what each weighs, or as they are named."""
    if not isinstance(rule, str):
        return tuple(sorted(rule))
    if count == total or rule == "first":
        return tuple(range(count))
    gone = range(total - 2, -1, -2)[: total - count]
    if rule == "alternate" and len(gone) == total - count:  # "odd alternate dropping" of Sajjad et al. (2023)
        return tuple(number for number in range(total) if number not in gone)
    if rule in ("evenly", "alternate"):  # the first and the last among them, as DistilBERT was made of BERT
        return tuple(round(number * (total - 1) / max(count - 1, 1)) for number in range(count))
    import torch

    return tuple(keep_best(torch.tensor(weights, dtype=torch.float64), count).tolist())
