"""Byte pair encoding: of the merges that apply, the one of the lowest rank is done, the leftmost first.

Taking merges away leaves the pieces of a text as they were if those that it did stay, in their order: the best of
the merges that apply is among the fewer ones too, step by step. No merge crosses the border of a final piece, so
the merges that made a piece are those that its own text does alone. So with a token stay the tokens and merges of
the derivation of its text.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from itertools import pairwise
from typing import Any

__all__ = ("Derivations", "read_merges", "select_merges")


class Derivations:
    """From what the tokens of a BPE model are made.

    Args:
        model: The `model` of a tokenizer.json.
    """

    def __init__(self, model: dict[str, Any]) -> None:
        self._prefix: str = model.get("continuing_subword_prefix") or ""
        self._suffix: str = model.get("end_of_word_suffix") or ""
        self._ranks: dict[tuple[str, str], int] = {}
        self._makers: dict[str, list[tuple[str, str]]] = {}
        for rank, pair in enumerate(read_merges(model)):
            self._ranks[pair] = rank
            self._makers.setdefault(self._join(pair), []).append(pair)

    def close(self, token: str) -> set[str]:
        """Return a token and those on the way to it.

        A token that its own text does not lead to (a whole word that is looked up before any merge, or a special
        one) comes with the parts of every merge that gives it.
        """
        symbols, made = self._derive(token)
        if symbols == [token]:
            return made
        closed, open_ = {token}, [token]
        while open_:
            for part in {part for pair in self._makers.get(open_.pop(), ()) for part in pair} - closed:
                closed.add(part)
                open_.append(part)
        return closed

    def _derive(self, token: str) -> tuple[list[str], set[str]]:
        """Do all merges on the text of a token; return what is left, and everything that there was."""
        symbols = self._split(token)
        made = set(symbols)
        while len(symbols) > 1:
            pairs = pairwise(symbols)
            ranked = [(self._ranks[pair], place) for place, pair in enumerate(pairs) if pair in self._ranks]
            if not ranked:
                break
            _, place = min(ranked)
            symbols[place : place + 2] = [self._join((symbols[place], symbols[place + 1]))]
            made.add(symbols[place])
        return symbols, made

    def _split(self, token: str) -> list[str]:
        """Return the symbols that a token's text starts as."""
        text, later = token, bool(self._prefix) and token.startswith(self._prefix)
        if later:
            text = text[len(self._prefix) :]
        ends = bool(self._suffix) and text.endswith(self._suffix)
        if ends:
            text = text[: -len(self._suffix)]
        symbols = [(self._prefix if index or later else "") + letter for index, letter in enumerate(text)]
        if ends and symbols:
            symbols[-1] += self._suffix
        return symbols or [token]

    def _join(self, pair: tuple[str, str]) -> str:
        return pair[0] + pair[1][len(self._prefix) :]


def read_merges(model: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the merges of a `model`, by rank; files have them as `"a b"` or as `["a", "b"]`."""
    pairs = (merge.split(" ", 1) if isinstance(merge, str) else merge for merge in model.get("merges", ()))
    return [(str(left), str(right)) for left, right in pairs]


def select_merges(model: dict[str, Any], kept: Container[str]) -> list[Any]:
    """Return the merges whose two parts and whose result stay, as the file has them, in their order."""
    prefix: str = model.get("continuing_subword_prefix") or ""
    merges: Iterable[Any] = model.get("merges", ())
    return [
        merge
        for merge, (left, right) in zip(merges, read_merges(model), strict=True)
        if left in kept and right in kept and left + right[len(prefix) :] in kept
    ]
