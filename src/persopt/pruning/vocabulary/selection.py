"""Which tokens stay, and what id each gets."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from persopt.domain.errors import Fault, InputError, ModelError
from persopt.domain.names import suggest
from persopt.domain.vocabularies import VocabularyOptions
from persopt.pruning.vocabulary.bpe import Derivations
from persopt.pruning.vocabulary.source import TokenizerSource
from persopt.pruning.vocabulary.unigram import find_cheapest
from persopt.pruning.vocabulary.wordpiece import find_guards

if TYPE_CHECKING:
    import numpy as np

__all__ = ("Selection", "find_required", "select_tokens")

_BYTE_PIECES: Final = frozenset(f"<0x{byte:02X}>" for byte in range(256))


class Selection(Struct, frozen=True):
    """The tokens that stay.

    Attributes:
        tokens: New id of each token.
        ids: New id of each old one that stays; some have no token, but a configuration names them.
        rows: Old ids of the rows of the new embeddings, in their order.
        dropped: How many tokens that the corpus uses are given up.
    """

    tokens: dict[str, int]
    ids: dict[int, int]
    rows: list[int]
    dropped: int

    def map_array(self, size: int) -> np.ndarray[Any, Any]:
        """Return the new id of each old one below `size`, -1 if it is gone."""
        import numpy as np

        result = np.full(size, -1, dtype=np.int64)
        for old, new in self.ids.items():
            if old < size:
                result[old] = new
        return result


def find_required(source: TokenizerSource, options: VocabularyOptions, named: Iterable[int], fixed: int) -> set[str]:
    """Return the tokens that stay whatever the corpus uses.

    Args:
        source: The tokenizer.
        options: What else to keep.
        named: Ids that the configurations name.
        fixed: The ids up to this one have to stay what they are; -1 if none.

    Raises:
        InputError: if a token to keep is not in the vocabulary.
    """
    unknown = [token for token in options.keep_tokens if token not in source.ids]
    if unknown:
        words = [f"{token!r} is not a token of the model{suggest(token, source.ids)}" for token in unknown]
        raise InputError([Fault(path="$.keepTokens", message=each) for each in words])
    if source.kind == "Unigram" and source.unknown_id is not None:
        fixed = max(fixed, source.unknown_id)  # Transformers' classes know it by number
    named = set(named)
    required = {token for token, index in source.ids.items() if index <= fixed or index in named}
    required |= source.added | (_BYTE_PIECES & source.ids.keys()) | set(options.keep_tokens)
    required |= _find_alphabet(source) | _find_processor_tokens(source.content.get("post_processor"))
    if source.unknown is not None:
        required.add(source.unknown)
    if source.kind == "Unigram":
        required.add(find_cheapest(source.model))
    if options.keep_single_characters:
        affixes = _find_affixes(source)
        required |= {token for token in source.vocabulary if _is_single(token, affixes)}
    for text in options.keep_texts:
        for backend in source.backends:
            encoding = backend.encode(text)
            required.update(encoding.tokens)
            if source.kind == "WordPiece" and source.unknown_id in encoding.ids:
                required |= find_guards(source, backend, text, encoding)
    return required & source.ids.keys()


def select_tokens(
    source: TokenizerSource,
    counts: Mapping[str, int],
    required: Collection[str],
    options: VocabularyOptions,
    rows: int,
    named: Iterable[int],
) -> Selection:
    """Choose the tokens that stay: the required ones, then the most used first, each with what it is made from.

    Args:
        source: The tokenizer.
        counts: How often the corpus uses each token.
        required: Tokens that stay anyway.
        options: `min_count` and `max_size`.
        rows: Rows of the embeddings.
        named: Ids that the configurations name.

    Raises:
        InputError: if `max_size` is less than what has to stay.
        ModelError: if a token that stays has no row in the embeddings.
    """
    close = _find_closure(source)
    kept = {part for token in required for part in close(token) if part in source.ids}
    limit = options.max_size if options.max_size is not None else len(source.ids)
    if len(kept) > limit:
        raise InputError(
            f"{limit} is too few: {len(kept)} special, byte, single-character and other tokens have to stay",
            path="$.maxSize",
            hint="single characters may go with keepSingleCharacters false" if options.keep_single_characters else "",
        )
    for token in sorted(counts, key=lambda token: (-counts[token], source.ids[token])):
        if counts[token] < options.min_count:
            break
        more = {part for part in close(token) if part in source.ids and part not in kept}
        if len(kept) + len(more) > limit:
            break
        kept |= more
    return _number(source, kept, sum(token not in kept for token in counts), rows, set(named))


def _find_closure(source: TokenizerSource) -> Callable[[str], set[str]]:
    """Return what gives a token with those that it is made from."""
    if source.kind == "BPE":
        return Derivations(source.model).close
    return lambda token: {token}


def _number(source: TokenizerSource, kept: set[str], dropped: int, rows: int, named: set[int]) -> Selection:
    """Number the tokens anew, in the old order: the model's own, then the added ones; last the ids without a token."""
    own = set(source.vocabulary)
    ordered = sorted(kept, key=lambda token: (token not in own, source.ids[token]))
    tokens = {token: new for new, token in enumerate(ordered)}
    old = [source.ids[token] for token in ordered]
    inside = [index for index in old if index < rows]
    nameless = sorted(index for index in named - set(old) if index < rows)
    if old[: len(inside)] != inside or (nameless and len(inside) < len(old)):
        missing = next(token for token in ordered if source.ids[token] >= rows)
        raise ModelError(
            f"token {missing!r} has the id {source.ids[missing]}, and the embeddings have only {rows} rows; "
            "resize them with `resize_token_embeddings`"
        )
    chosen = [*inside, *nameless]
    ids = {index: new for new, index in enumerate(old)} | {index: new for new, index in enumerate(chosen)}
    return Selection(tokens, ids, chosen, dropped)


def _find_alphabet(source: TokenizerSource) -> set[str]:
    """Return the 256 characters that stand for bytes, if the tokenizer works on bytes."""
    from tokenizers import pre_tokenizers

    parts = [source.content.get(part) for part in ("pre_tokenizer", "decoder", "normalizer")]
    if b'"ByteLevel"' not in msgspec.json.encode(parts):
        return set()
    return set(pre_tokenizers.ByteLevel.alphabet())


def _find_processor_tokens(processor: dict[str, Any] | None) -> set[str]:
    """Return the tokens that a post-processor puts around a text."""
    if processor is None:
        return set()
    found = {str(processor[name][0]) for name in ("cls", "sep") if name in processor}
    for special in (processor.get("special_tokens") or {}).values():
        found.update(map(str, special["tokens"]))
    for inner in processor.get("processors", ()):
        found |= _find_processor_tokens(inner)
    return found


def _find_affixes(source: TokenizerSource) -> tuple[str, str]:
    default = "##" if source.kind == "WordPiece" else ""
    prefix = source.model.get("continuing_subword_prefix", default) or ""
    return prefix, source.model.get("end_of_word_suffix") or ""


def _is_single(token: str, affixes: tuple[str, str]) -> bool:
    prefix, suffix = affixes
    return 1 in (len(token), len(token.removeprefix(prefix)), len(token.removeprefix(prefix).removesuffix(suffix)))
