"""Tests of paired answers, and how many examples would be needed to tell."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

__all__ = (
    "McNemarResult",
    "correct_holm",
    "find_unseen_bound",
    "rows_for_difference",
    "rows_for_discordance",
    "test_mcnemar",
)

_LEVEL: Final = 0.05
_POWER: Final = 0.8


class McNemarResult(Struct, frozen=True, kw_only=True, rename="camel"):
    """McNemar's exact test of two models on the same examples.

    Attributes:
        only_first: Examples that only the first gets right.
        only_second: Examples that only the second gets right.
        p_value: Chance of so uneven a split, or a more uneven one, if both are equally good.
    """

    only_first: int
    only_second: int
    p_value: float


def test_mcnemar(only_first: int, only_second: int) -> McNemarResult:
    """Test whether two models are right equally often (McNemar 1947, exact and two-sided).

    Where one of both errs it is, if they are equally good, each with the same chance: the binomial test of a half.

    Args:
        only_first: Examples that only the first gets right.
        only_second: Examples that only the second gets right.
    """
    from scipy.stats import binomtest

    both = only_first + only_second
    value = float(binomtest(min(only_first, only_second), both, 0.5).pvalue) if both else 1.0
    return McNemarResult(only_first=only_first, only_second=only_second, p_value=value)


test_mcnemar.__test__ = False  # type: ignore[attr-defined]


def correct_holm(values: Mapping[str, float]) -> dict[str, float]:
    """Return p-values corrected for their number (Holm 1979): each below a level holds for all of them together."""
    corrected, least = {}, 0.0
    for place, name in enumerate(sorted(values, key=lambda name: values[name])):
        least = max(least, min(1.0, (len(values) - place) * values[name]))
        corrected[name] = least
    return {name: corrected[name] for name in values}


def find_unseen_bound(rows: int, confidence: float = 0.95) -> float:
    """Return below what share something is, with a confidence, that was seen in none of the rows.

    About 3 / rows at 95 % (the rule of three); the exact upper end of Clopper and Pearson's one-sided interval.

    Args:
        rows: Number of rows, at least 1.
        confidence: Of the bound.
    """
    return float(1.0 - (1.0 - confidence) ** (1.0 / rows))


def rows_for_discordance(
    only_first: float, only_second: float, level: float = _LEVEL, power: float = _POWER
) -> int | None:
    """Return how many examples McNemar's test needs to find a difference as large as the one seen.

    The formula is that of Miettinen (1968) and Connor (1987), by normal approximation; None if there is none to find.

    Args:
        only_first: Share of the examples that only the first gets right.
        only_second: Share that only the second gets right.
        level: Chance of telling a difference where there is none.
        power: Chance of finding it.
    """
    difference, both = only_first - only_second, only_first + only_second
    if difference == 0:
        return None
    reach = _quantile(1 - level / 2) * math.sqrt(both) + _quantile(power) * math.sqrt(both - difference**2)
    return math.ceil((reach / difference) ** 2)


def rows_for_difference(
    difference: float, standard_error: float, rows: int, level: float = _LEVEL, power: float = _POWER
) -> int | None:
    """Return how many rows are needed to tell a difference of any metric from zero, by normal approximation.

    Args:
        difference: The one seen.
        standard_error: Of it, with the rows there were; it falls with the square root of their number.
        rows: Number of rows that it was seen on.
        level: Chance of telling a difference where there is none.
        power: Chance of finding it.

    Returns:
        The number of rows; None if there is no difference to find.
    """
    if difference == 0:
        return None
    wanted = _quantile(1 - level / 2) + _quantile(power)
    return math.ceil(rows * (wanted * standard_error / difference) ** 2)


def _quantile(share: float) -> float:
    from scipy.stats import norm

    return float(norm.ppf(share))
