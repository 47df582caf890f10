"""The tokenizer of a checkpoint, as its tokenizer.json has it and as Transformers runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from persopt.domain.errors import ModelError
from persopt.models.quiet import quiet_transformers
from persopt.pruning.vocabulary.sentencepiece_files import load_processors

__all__ = ("TokenizerKind", "TokenizerSource", "load_backend", "read_tokenizer")

TokenizerKind = Literal["WordPiece", "BPE", "Unigram"]
_KINDS: Final[tuple[TokenizerKind, ...]] = ("WordPiece", "BPE", "Unigram")


class TokenizerSource(Struct, frozen=True):
    """A fast tokenizer.

    Attributes:
        content: Its tokenizer.json.
        kind: Model of the tokenizer.
        ids: The id of each token, added ones included.
        vocabulary: Tokens of the model (added ones are not all among them), by id.
        added: Added tokens: special ones, and others that are found before the text is cut into words.
        unknown: The token for what is unknown, if there is one.
        backends: What tokenizes, without truncation and padding: first as Transformers builds it, then as
            tokenizer.json describes it, where that is not the same.
        processors: SentencePiece itself, by name of the file beside tokenizer.json; it may normalize otherwise.
    """

    content: dict[str, Any]
    kind: TokenizerKind
    ids: dict[str, int]
    vocabulary: list[str]
    added: frozenset[str]
    unknown: str | None
    backends: list[Any]
    processors: dict[str, Any] = {}

    @property
    def model(self) -> dict[str, Any]:
        """The part of tokenizer.json that is trimmed."""
        return self.content["model"]  # type: ignore[no-any-return]

    @property
    def unknown_id(self) -> int | None:
        """Id of the token for what is unknown."""
        return None if self.unknown is None else self.ids.get(self.unknown)


def read_tokenizer(folder: Path) -> TokenizerSource:
    """Read the tokenizer of a checkpoint.

    Raises:
        ModelError: if it has no tokenizer.json or it cannot be read, its model is of another kind, it tokenizes by
            chance (BPE dropout), or Transformers gives its tokens other ids than the file.
    """
    from tokenizers import Tokenizer

    file = folder / "tokenizer.json"
    if not file.is_file():
        raise ModelError(
            f"{folder} has no tokenizer.json, so its vocabulary cannot be trimmed",
            hint="load it with AutoTokenizer and save it with `save_pretrained`, which writes one",
        )
    try:
        content: dict[str, Any] = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
        plain = Tokenizer.from_file(str(file))
    except Exception as error:  # tokenizers raises bare Exceptions
        raise ModelError(f"{file} cannot be read: {error}") from error
    kind = _find_kind(content["model"])
    if kind is None:
        raise ModelError(
            f"{file} has a model of type {content['model'].get('type')!r}; expected one of {', '.join(_KINDS)}"
        )
    if content["model"].get("dropout"):
        raise ModelError(f"{file} drops merges by chance (`dropout`), so no text has fixed pieces; set it to null")
    backend = load_backend(folder)
    backends = [backend]
    plain.no_truncation()
    plain.no_padding()
    if plain.to_str() != backend.to_str():
        backends.append(plain)
    ids = backend.get_vocab(with_added_tokens=True)
    for token, index in plain.get_vocab(with_added_tokens=True).items():
        if ids.get(token) != index:
            raise ModelError(
                f"{file} gives token {token!r} the id {index}, and Transformers {ids.get(token)}; save the tokenizer "
                "anew with `save_pretrained`"
            )
    vocabulary = plain.get_vocab(with_added_tokens=False)
    return TokenizerSource(
        content=content,
        kind=kind,
        ids=ids,
        vocabulary=sorted(vocabulary, key=vocabulary.__getitem__),
        added=frozenset(str(token.content) for each in backends for token in each.get_added_tokens_decoder().values()),
        unknown=_find_unknown(content["model"], kind),
        backends=backends,
        processors=load_processors(folder),
    )


def load_backend(folder: Path) -> Any:
    """Load what tokenizes in the tokenizer that Transformers builds from a folder, without truncation and padding.

    Raises:
        ModelError: if it cannot be loaded or has no fast form.
    """
    from transformers import AutoTokenizer

    try:
        with quiet_transformers():
            tokenizer: Any = AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
    except Exception as error:  # a damaged tokenizer.json raises bare Exceptions
        raise ModelError(f"the tokenizer in {folder} cannot be loaded: {error}") from error
    if not tokenizer.is_fast:
        raise ModelError(f"the tokenizer in {folder} has no fast form; expected one with a tokenizer.json")
    backend = tokenizer.backend_tokenizer
    backend.no_truncation()
    backend.no_padding()
    return backend


def _find_kind(model: dict[str, Any]) -> TokenizerKind | None:
    """Return the kind of a model; files of old versions do not name it."""
    given = model.get("type")
    if given is None:
        given = "Unigram" if isinstance(model.get("vocab"), list) else "BPE" if "merges" in model else "WordPiece"
    return next((kind for kind in _KINDS if kind == given), None)


def _find_unknown(model: dict[str, Any], kind: TokenizerKind) -> str | None:
    if kind != "Unigram":
        unknown = model.get("unk_token")
        return str(unknown) if unknown is not None else None
    index = model.get("unk_id")
    return None if index is None else str(model["vocab"][index][0])
