"""WordPiece: the longest token that fits is taken, from left to right; a word that does not go up is unknown.

Taking tokens away leaves the pieces of a word as they were if the ones taken stay: the longest of a set is the
longest of each of its subsets that holds it. A word that is unknown shows no pieces, but it is unknown because
of the tokens that were taken before nothing fitted; without them a shorter one might be taken, and the word
might go up. Those tokens, its guards, have to stay too.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

from persopt.pruning.vocabulary.source import TokenizerSource

__all__ = ("find_guards", "match_unknown")


def find_guards(source: TokenizerSource, backend: Any, text: str, encoding: Any) -> set[str]:
    """Return the tokens that were taken in the unknown words of a text before nothing fitted."""
    prefix = source.model.get("continuing_subword_prefix", "##")
    longest = int(source.model.get("max_input_chars_per_word", 100))
    guards: set[str] = set()
    for word in {word for segment in _segments(source, text, encoding) for word in _words(backend, segment)}:
        if len(word) <= longest:
            guards.update(match_unknown(word, source.ids, prefix))
    return guards


def match_unknown(word: str, vocabulary: Container[str], prefix: str) -> list[str]:
    """Return the tokens taken in a word up to where nothing fits; empty if the word goes up."""
    taken: list[str] = []
    start = 0
    while start < len(word):
        candidates = ((prefix if start else "") + word[start:end] for end in range(len(word), start, -1))
        token = next((candidate for candidate in candidates if candidate in vocabulary), None)
        if token is None:
            return taken
        taken.append(token)
        start += len(token) - (len(prefix) if start else 0)
    return []


def _segments(source: TokenizerSource, text: str, encoding: Any) -> Iterator[str]:
    """Yield a text, and what of it lies between its added tokens, which are cut out before words are made."""
    yield text
    added = {source.ids[token] for token in source.added} - {source.unknown_id}
    cuts = [span for index, span in zip(encoding.ids, encoding.offsets, strict=True) if index in added]
    if cuts:
        start = 0
        for left, right in [*cuts, (len(text), len(text))]:
            yield text[start:left]
            start = right


def _words(backend: Any, segment: str) -> list[str]:
    normal = segment if backend.normalizer is None else backend.normalizer.normalize_str(segment)
    if backend.pre_tokenizer is None:
        return [normal]
    return [word for word, _ in backend.pre_tokenizer.pre_tokenize_str(normal)]
