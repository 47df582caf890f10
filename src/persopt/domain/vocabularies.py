"""What of a vocabulary to keep, and what became of it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from persopt.domain.programs import PositiveInt

__all__ = ("VocabularyOptions", "VocabularyReport")


class VocabularyOptions(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True
):
    """Which tokens stay besides those that the model cannot do without (special, added and byte tokens).

    With the defaults every text of the corpus keeps its pieces. A higher `min_count` or a `max_size` gives that up
    for the texts that use a token which then goes.
    """

    min_count: Annotated[PositiveInt, Meta(description="Keep a token that the corpus uses at least so many times.")] = 1
    max_size: Annotated[
        PositiveInt | None,
        Meta(description="Keep at most so many tokens, the most used ones; by default there is no limit."),
    ] = None
    keep_single_characters: Annotated[
        bool,
        Meta(description="Keep every token of one character, so that words not in the corpus can still be spelled."),
    ] = True
    keep_tokens: Annotated[list[str], Meta(description="Tokens, as the vocabulary spells them, that stay anyway.")] = []
    keep_texts: Annotated[
        list[str], Meta(description="Texts whose tokens stay anyway, such as prompts and names of labels.")
    ] = []


class VocabularyReport(Struct, frozen=True, kw_only=True, rename="camel"):
    """What trimming a vocabulary changed. Sizes are read from the disk.

    Attributes:
        output_path: Folder of the trimmed model.
        kind: Model of the tokenizer: `WordPiece`, `BPE` or `Unigram`.
        tokens_before: Tokens that the tokenizer knew, added ones included.
        tokens_after: Tokens that it knows now.
        rows_before: Rows of the embeddings, padding rows included.
        rows_after: Rows of the embeddings now.
        parameters_before: Weights of the checkpoint, a tied one counted once for each time that it is stored.
        parameters_after: The same of the trimmed checkpoint.
        weight_bytes_before: Size of the files of the weights.
        weight_bytes_after: The same of the trimmed checkpoint.
        tokenizer_bytes_before: Size of the tokenizer's files that were rewritten.
        tokenizer_bytes_after: Their size now.
        corpus_texts: Texts that were read to count tokens.
        corpus_tokens: Tokens of these texts.
        dropped_tokens: Tokens of the corpus that were given up by `min_count` or `max_size`.
        checked_texts: Texts of the corpus that were tokenized again with the result: all of them, or for a
            corpus that can be read only once the first ones.
        changed_texts: Those of them whose pieces are not the same as before.
        unknown_words_before: Share, in [0, 1], of the checked texts' words that had an unknown token.
        unknown_words_after: The same share with the result.
        left_out: Files of the model's folder that are not in the result, each with the reason.
    """

    output_path: str
    kind: str
    tokens_before: int
    tokens_after: int
    rows_before: int
    rows_after: int
    parameters_before: int
    parameters_after: int
    weight_bytes_before: int
    weight_bytes_after: int
    tokenizer_bytes_before: int
    tokenizer_bytes_after: int
    corpus_texts: int
    corpus_tokens: int
    dropped_tokens: int
    checked_texts: int
    changed_texts: int
    unknown_words_before: float
    unknown_words_after: float
    left_out: dict[str, str]

    @property
    def trimmed(self) -> bool:
        """Whether anything could go; a corpus that uses every token leaves the model as it was."""
        return self.rows_after < self.rows_before
