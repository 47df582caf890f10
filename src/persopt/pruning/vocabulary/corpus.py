"""A corpus as a stream of texts: counting its tokens, and tokenizing it again with the result.

Nothing of a corpus is kept in memory but the counts, and the first texts of one that can be read only once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from msgspec import Struct

from persopt.domain.errors import InputError
from persopt.pruning.vocabulary.source import TokenizerSource
from persopt.pruning.vocabulary.wordpiece import find_guards

if TYPE_CHECKING:
    import numpy as np

__all__ = ("Check", "Corpus", "Usage", "check_corpus", "count_tokens", "find_changed_processors")

# Texts, or rows of texts (pairs); read a piece at a time, twice if it is not an iterator.
Corpus: TypeAlias = Iterable[str] | Iterable[Sequence[str]]

_BATCH: Final = 1_000  # texts
_BATCH_CHARACTERS: Final = 2_000_000
_KEPT: Final = 10_000  # texts of a corpus that can be read only once
_KEPT_CHARACTERS: Final = 20_000_000


class Usage(Struct, frozen=True):
    """What a corpus uses.

    Attributes:
        counts: How often each token occurs; WordPiece's include those that decide what is unknown.
        texts: Number of texts.
        tokens: Number of tokens.
        again: Texts to check the result on: the corpus itself, or the first ones of an iterator.
    """

    counts: dict[str, int]
    texts: int
    tokens: int
    again: Corpus


class Check(Struct, frozen=True):
    """Two tokenizers on the same texts.

    Attributes:
        texts: Number of texts.
        changed: Number of texts whose pieces differ.
        example: The first such text.
        unknown_before: Share of the words with an unknown token, in [0, 1].
        unknown_after: The same of the second tokenizer.
    """

    texts: int
    changed: int
    example: str
    unknown_before: float
    unknown_after: float


def count_tokens(source: TokenizerSource, corpus: Corpus) -> Usage:
    """Count the tokens of a corpus; special tokens that are put around a text do not count.

    Raises:
        InputError: if it holds no text, no token, or something that is not text.
    """
    import numpy as np

    totals = [np.zeros(max(source.ids.values()) + 1, dtype=np.int64) for _ in source.backends]
    guards: Counter[str] = Counter()
    pieces: Counter[str] = Counter()
    first: list[str] | None = [] if isinstance(corpus, Iterator) else None
    texts = characters = 0
    for batch in _iterate_batches(corpus):
        texts += len(batch)
        if first is not None and characters < _KEPT_CHARACTERS:
            first.extend(batch[: _KEPT - len(first)])
            characters += sum(map(len, batch))
        for number, backend in enumerate(source.backends):
            encodings = backend.encode_batch(batch, add_special_tokens=False)
            ids = np.fromiter(chain.from_iterable(each.ids for each in encodings), dtype=np.int64)
            totals[number] += np.bincount(ids, minlength=len(totals[number]))
            if source.kind == "WordPiece" and source.unknown_id in ids:
                guards.update(_find_guards(source, backend, batch, encodings))
        for processor in source.processors.values():
            pieces.update(chain.from_iterable(processor.encode(batch, out_type=str)))
    counts = np.maximum.reduce(totals)
    if not texts or not counts.any():
        raise InputError(f"the corpus has no {'token' if texts else 'text'}; expected texts of the language to keep")
    used = Counter({token: int(counts[index]) for token, index in source.ids.items() if counts[index]}) + guards
    used |= Counter({piece: count for piece, count in pieces.items() if piece in source.ids})
    return Usage(dict(used), texts, int(totals[0].sum()), corpus if first is None else first)


def check_corpus(source: TokenizerSource, result: Any, new_ids: np.ndarray[Any, Any], corpus: Corpus) -> Check:
    """Tokenize texts with the tokenizer and with the trimmed one, and compare.

    Args:
        source: The tokenizer.
        result: The trimmed one's backend.
        new_ids: New id of each old one; -1 if it is gone.
        corpus: The texts.
    """
    import numpy as np

    before = source.backends[0]
    texts = changed = words = unknown_before = unknown_after = 0
    example = ""
    for batch in _iterate_batches(corpus):
        pairs = zip(
            batch,
            before.encode_batch(batch, add_special_tokens=False),
            result.encode_batch(batch, add_special_tokens=False),
            strict=True,
        )
        for text, old, new in pairs:
            texts += 1
            words += len(set(old.word_ids) - {None})
            unknown = _count_unknown(old, source.unknown_id)
            unknown_before += unknown
            if new_ids[np.array(old.ids, dtype=np.int64)].tolist() == new.ids:
                unknown_after += unknown
                continue
            unknown_after += _count_unknown(new, result.token_to_id(source.unknown) if source.unknown else None)
            changed += 1
            example = example or text
    words = max(words, 1)
    return Check(texts, changed, example, unknown_before / words, unknown_after / words)


def find_changed_processors(old: Mapping[str, Any], new: Mapping[str, Any], corpus: Corpus) -> set[str]:
    """Return the names of the SentencePiece models that cut some text otherwise than the trimmed ones."""
    changed: set[str] = set()
    for batch in _iterate_batches(corpus) if new else ():
        for name in new.keys() - changed:
            if old[name].encode(batch, out_type=str) != new[name].encode(batch, out_type=str):
                changed.add(name)
    return changed


def _find_guards(source: TokenizerSource, backend: Any, texts: list[str], encodings: list[Any]) -> Iterator[str]:
    for text, encoding in zip(texts, encodings, strict=True):
        if source.unknown_id in encoding.ids:
            yield from find_guards(source, backend, text, encoding)


def _count_unknown(encoding: Any, unknown: int | None) -> int:
    """Return the number of words with an unknown token; a word is what the pre-tokenizer cuts."""
    if unknown is None or unknown not in encoding.ids:
        return 0
    return len({word for word, index in zip(encoding.word_ids, encoding.ids, strict=True) if index == unknown})


def _iterate_batches(corpus: Corpus) -> Iterator[list[str]]:
    batch: list[str] = []
    characters = 0
    for text in _iterate_texts(corpus):
        batch.append(text)
        characters += len(text)
        if len(batch) >= _BATCH or characters >= _BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _iterate_texts(corpus: Corpus) -> Iterator[str]:
    if isinstance(corpus, str):
        raise InputError("the corpus is one string; expected an iterable of texts")
    for number, row in enumerate(corpus):
        texts: Any = (row,) if isinstance(row, str) else row
        if not isinstance(texts, Sequence) or not all(isinstance(text, str) for text in texts):
            raise InputError(f"row {number} of the corpus is {row!r:.80}; expected a text, or a sequence of texts")
        yield from texts
