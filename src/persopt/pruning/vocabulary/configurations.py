"""Ids of tokens in config.json and generation_config.json, and the size of the vocabulary."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from persopt.domain.errors import ModelError

__all__ = ("change_config", "find_named_ids", "find_vocabulary_size", "resize_config")

_ID_FIELD: Final = re.compile(r"(.*_)?token_(ids?|index)")
_TABLES: Final = ("lang_to_id", "task_to_id")  # of generation_config.json: names to ids
_FORCED: Final = "forced_decoder_ids"  # pairs of a place and an id
_SIZE: Final = "vocab_size"
_TYPES: Final = "type_vocab_size"  # kinds of segments, not tokens
_LABELS: Final = ("id2label", "label2id")


def find_vocabulary_size(config: Any) -> int:
    """Return the number of rows of the embeddings that a configuration asks for.

    Raises:
        ModelError: if it tells of none, or of several vocabularies.
    """
    text: Any = config.get_text_config()
    size = getattr(text, _SIZE, None)
    if not isinstance(size, int) or size < 1:
        raise ModelError(f"architecture {config.model_type!r} has no vocabulary of tokens")
    for name, value in _walk(config.to_dict()):
        other = name.endswith(_SIZE) or name.startswith(_SIZE)
        if other and isinstance(value, int) and value != size and name != _TYPES:
            raise ModelError(
                f"config.json tells of two vocabularies ({_SIZE}: {size}, {name}: {value}); expected a model with one"
            )
        if name.startswith(_SIZE) and name != _SIZE and value is not None:
            raise ModelError(f"the model has a second table of tokens ({name}), which cannot be trimmed")
    return size


def find_named_ids(config: Mapping[str, Any]) -> set[int]:
    """Return the ids that a configuration cannot do without: padding, end of text, forced tokens, ..."""
    named: set[Any] = set()
    for name, value in _walk(config):
        if _ID_FIELD.fullmatch(name):
            named.update(value if isinstance(value, list) else [value])
        elif name in _TABLES and isinstance(value, Mapping):
            named.update(value.values())
        elif name == _FORCED and value:
            named.update(index for _, index in value)
    return {index for index in named if isinstance(index, int) and index >= 0}


def change_config(
    raw: Mapping[str, Any], effective: Mapping[str, Any], ids: Mapping[int, int], sizes: tuple[int, int]
) -> dict[str, Any]:
    """Return a configuration with other ids and another size of the vocabulary; all else stays as written.

    Args:
        raw: The file's content.
        effective: The same with what its class adds: an id that is a default is written out if it changes.
        ids: New id of each old one; what has none is given up where that is harmless, else left alone.
        sizes: The vocabulary's size before and after.
    """

    def change(name: str, value: Any) -> Any:
        if name.endswith(_SIZE) and name != _TYPES:
            return sizes[1] if value == sizes[0] else value
        return _change_ids(name, value, ids)

    return _rewrite(raw, effective, change)


def resize_config(effective: Mapping[str, Any], sizes: tuple[int, int]) -> dict[str, Any]:
    """Return a configuration with another size of the vocabulary and nothing else changed."""
    return _rewrite(
        effective,
        effective,
        lambda name, value: sizes[1] if name.endswith(_SIZE) and name != _TYPES and value == sizes[0] else value,
    )


def _rewrite(raw: Mapping[str, Any], effective: Mapping[str, Any], change: Callable[[str, Any], Any]) -> dict[str, Any]:
    result = dict(raw)
    for name, value in effective.items():
        if isinstance(value, Mapping) and name not in (*_TABLES, *_LABELS):
            given = raw.get(name)
            inner = _rewrite(given if isinstance(given, Mapping) else {}, value, change)
            if inner:
                result[name] = inner
            continue
        changed = change(name, value)
        if changed != value:
            result[name] = changed
    return result


def _change_ids(name: str, value: Any, ids: Mapping[int, int]) -> Any:
    """Return the value of a field with other ids; a value that is none of ids as it is."""
    if value is None or isinstance(value, bool):
        return value
    if _ID_FIELD.fullmatch(name):
        return [ids.get(index, index) for index in value] if isinstance(value, list) else ids.get(value, value)
    change = _CHANGES.get(name)
    return value if change is None else change(value, ids)


def _change_table(value: dict[str, int], ids: Mapping[int, int]) -> dict[str, int]:
    return {name: ids.get(index, index) for name, index in value.items()}


def _change_suppressed(value: list[int], ids: Mapping[int, int]) -> list[int] | None:
    return [ids[index] for index in value if index in ids] or None


def _change_forced(value: list[Any], ids: Mapping[int, int]) -> list[Any]:
    return [[place, index if index is None else ids.get(index, index)] for place, index in value]


def _change_sequences(value: list[Any], ids: Mapping[int, int]) -> list[Any] | None:
    return _map_sequences(value, ids) or None


def _change_bias(value: list[Any], ids: Mapping[int, int]) -> list[Any] | None:
    return [[[ids[index] for index in each], bias] for each, bias in value if ids.keys() >= set(each)] or None


def _map_sequences(value: list[Any], ids: Mapping[int, int]) -> list[Any]:
    """Map lists of ids at any depth; a list with an id that is gone can never occur and goes."""
    result: list[Any] = []
    for each in value:
        if each and isinstance(each[0], list):
            result.extend([inner] if (inner := _map_sequences(each, ids)) else [])
        elif ids.keys() >= set(each):
            result.append([ids[index] for index in each])
    return result


def _walk(config: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in config.items():
        yield str(name), value
        if isinstance(value, Mapping) and name not in (*_TABLES, *_LABELS):
            yield from _walk(value)


_CHANGES: Final[Mapping[str, Callable[[Any, Mapping[int, int]], Any]]] = {
    "lang_to_id": _change_table,
    "task_to_id": _change_table,
    "suppress_tokens": _change_suppressed,  # ids that are never generated
    "begin_suppress_tokens": _change_suppressed,
    _FORCED: _change_forced,
    "bad_words_ids": _change_sequences,  # lists of ids
    "force_words_ids": _change_sequences,  # the same, or lists of such lists
    "sequence_bias": _change_bias,  # pairs of a list of ids and a number
}
