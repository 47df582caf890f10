"""The time that a search may take, counted over all the times that it was taken up."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Final

from persopt.domain.errors import InputError

__all__ = ("Budget",)

_FILE: Final = ".spent-seconds"
_MUCH: Final = 0.5


class Budget:
    """Counts time from its making.

    Args:
        seconds: The budget; None for no limit.
        folder: Of the run; what earlier runs spent lies there.

    Attributes:
        reserve: Seconds that are kept for what comes after the search.
        known: Candidates that earlier runs had done with: they cost next to nothing now, so they need no time.
    """

    def __init__(self, seconds: float | None, folder: Path) -> None:
        self._seconds = math.inf if seconds is None else seconds
        self._file = folder / _FILE
        self._begin = time.monotonic()
        try:
            seconds_before, count = self._file.read_text("ascii").split()
            self._before, self.known = float(seconds_before), int(count)
        except (OSError, ValueError):
            self._before, self.known = 0.0, 0
        self.reserve = 0.0

    @property
    def spent(self) -> float:
        """Seconds so far, those of earlier runs of the same job included."""
        return self._before + time.monotonic() - self._begin

    @property
    def left(self) -> float:
        """Seconds that the search still has."""
        return self._seconds - self.reserve - self.spent

    def is_over(self) -> bool:
        """Return whether nothing is left."""
        return self.left <= 0

    def save(self, done: int) -> None:
        """Write down what was spent and how many candidates are done, for a run that takes this one up."""
        self.known = max(self.known, done)
        self._file.write_text(f"{self.spent:.3f} {self.known}", "ascii")

    def is_tight(self, needed: float) -> bool:
        """Return whether what one candidate seems to take is so much of it that it should be known well."""
        return needed > _MUCH * self._seconds

    def check_least(self, needed: float) -> None:
        """Make sure that one candidate fits.

        Args:
            needed: Seconds that the original's measurement, one candidate and the end take here, as far as is known.

        Raises:
            InputError: if not, with the least budget.
        """
        if needed > self._seconds:
            least = math.ceil(1.1 * needed)
            raise InputError(
                f"{self._seconds:g} seconds are too short for one candidate; here it takes at least {least} seconds",
                path="$.budget",
                hint=f"give --budget {least}s or more; several candidates take several times that",
            )
