"""Tokenizers made in memory, and trimming them to a corpus without any file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from persopt.domain.vocabularies import VocabularyOptions
from persopt.pruning.vocabulary.corpus import count_tokens
from persopt.pruning.vocabulary.selection import Selection, find_required, select_tokens
from persopt.pruning.vocabulary.source import TokenizerSource
from persopt.pruning.vocabulary.tokenizer_files import trim_tokenizer


def make_source(tokenizer: Any) -> TokenizerSource:
    """Describe a tokenizer as if it had been read from a folder."""
    content = json.loads(tokenizer.to_str())
    model = content["model"]
    vocabulary = tokenizer.get_vocab(with_added_tokens=False)
    unknown = model["vocab"][model["unk_id"]][0] if model["type"] == "Unigram" else model["unk_token"]
    return TokenizerSource(
        content=content,
        kind=model["type"],
        ids=tokenizer.get_vocab(with_added_tokens=True),
        vocabulary=sorted(vocabulary, key=vocabulary.__getitem__),
        added=frozenset(token.content for token in tokenizer.get_added_tokens_decoder().values()),
        unknown=unknown,
        backends=[tokenizer],
    )


def select(source: TokenizerSource, corpus: Sequence[str], **options: Any) -> Selection:
    """Choose the tokens that stay for a corpus, in a model that has a row for each."""
    chosen = VocabularyOptions(**options)
    usage = count_tokens(source, corpus)
    return select_tokens(source, usage.counts, find_required(source, chosen, (), -1), chosen, len(source.ids), ())


def trim(tokenizer: Any, corpus: Sequence[str], **options: Any) -> Any:
    """Return a tokenizer trimmed to a corpus."""
    from tokenizers import Tokenizer

    source = make_source(tokenizer)
    selection = select(source, corpus, **options)
    return Tokenizer.from_str(json.dumps(trim_tokenizer(source, selection.tokens)))
