"""Unigram: the segmentation with the highest sum of scores is taken (Kudo, 2018, arXiv:1804.10959).

Taking pieces away leaves the best segmentation of a text as it was if its own pieces stay: every other one stays
as good or goes, and of equal ones the first that is met stays the first. One more thing counts: a character
without a piece costs the lowest score of all pieces less 10, so a piece with that score has to stay, or unknown
characters would become cheaper than they were.
"""

from __future__ import annotations

from typing import Any

__all__ = ("find_cheapest",)


def find_cheapest(model: dict[str, Any]) -> str:
    """Return the first of the pieces with the lowest score in the `model` of a tokenizer.json."""
    piece, _ = min(model["vocab"], key=lambda entry: entry[1])
    return str(piece)
