"""When weights are pruned during a training, and how sparse the model is to be then."""

from __future__ import annotations

from persopt.domain.prune_training import SparsitySchedule

__all__ = ("plan_renewals", "round_sparsity", "sparsity_at")


def sparsity_at(schedule: SparsitySchedule, final: float, share: float, initial: float = 0.0) -> float:
    """Return the sparsity after a share of the pruning, from `initial` at 0 to `final` at 1.

    `cubic` is Zhu & Gupta, 2017, arXiv:1710.01878: s_f + (s_i - s_f) (1 - share)^3.
    """
    left = 1.0 - min(max(share, 0.0), 1.0)
    return final + (initial - final) * (left**3 if schedule == "cubic" else left)


def plan_renewals(steps: int, renewals: int) -> dict[int, float]:
    """Return, by the number of the training step after which it comes, the share of the pruning at each renewal.

    Renewals are evenly spread, the last after the last step; there are no more of them than steps.
    """
    count = min(renewals, steps)
    return {max(round(steps * turn / count), 1): turn / count for turn in range(1, count + 1)}


def round_sparsity(final: float, turn: int, rounds: int) -> float:
    """Return the sparsity after a round, counted from 1: each prunes the same share of what is left.

    Frankle & Carbin, 2019, arXiv:1803.03635.
    """
    return final if turn == rounds else 1.0 - float((1.0 - final) ** (turn / rounds))
