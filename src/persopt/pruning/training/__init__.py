"""Training while a model is pruned and afterwards. Stands on the trainer of tuning. Importing this is light."""

from __future__ import annotations

from collections.abc import Collection

from persopt.domain.prune_specs import PruneSpec

__all__ = ("trains_while_pruning",)


def trains_while_pruning(spec: PruneSpec, needs: Collection[str]) -> bool:
    """Return whether a pruning of a resolved spec is part of a training, not done in one go before it.

    Args:
        spec: Resolved.
        needs: What the method needs.
    """
    trains = spec.config.gradual or not {"movement", "initial-weights"}.isdisjoint(needs)
    return bool(spec.dataset_path) and trains
