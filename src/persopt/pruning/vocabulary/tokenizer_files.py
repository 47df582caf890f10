"""The files of a tokenizer with fewer tokens: the fast one's, and those of the slow ones beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from persopt.pruning.vocabulary.bpe import read_merges, select_merges
from persopt.pruning.vocabulary.sentencepiece_files import SENTENCEPIECE_FILES, trim_sentencepiece
from persopt.pruning.vocabulary.source import TokenizerSource

__all__ = ("TOKENIZER_FILES", "trim_tokenizer", "write_tokenizer_files")

TOKENIZER_FILES: Final = (
    "tokenizer.json",
    "tokenizer_config.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    *SENTENCEPIECE_FILES,
)
_FOREIGN: Final = "its tokens are not those of tokenizer.json"


def trim_tokenizer(source: TokenizerSource, tokens: Mapping[str, int]) -> dict[str, Any]:
    """Return a tokenizer.json with only the tokens that stay, under their new ids.

    Normalizer, pre-tokenizer and decoder stay as they are, and so do the scores of pieces and the order of merges.
    """
    model = dict(source.model)
    if source.kind == "Unigram":
        model["vocab"] = [entry for entry in source.model["vocab"] if entry[0] in tokens]
        if source.unknown is not None:
            model["unk_id"] = tokens[source.unknown]
    else:
        model["vocab"] = {token: tokens[token] for token in source.vocabulary if token in tokens}
    if "merges" in model:
        model["merges"] = select_merges(source.model, model["vocab"])
    result = source.content | {"model": model}
    if source.content.get("added_tokens"):
        result["added_tokens"] = [token | {"id": tokens[token["content"]]} for token in source.content["added_tokens"]]
    if source.content.get("post_processor"):
        result["post_processor"] = _trim_processor(source.content["post_processor"], tokens)
    padding = source.content.get("padding")
    if padding and padding.get("pad_token") in tokens:
        result["padding"] = padding | {"pad_id": tokens[padding["pad_token"]]}
    return result


def write_tokenizer_files(
    source: TokenizerSource, folder: Path, target: Path, tokens: Mapping[str, int]
) -> dict[str, str]:
    """Write the files of a tokenizer that stand in a folder, trimmed; return those left out, with the reason.

    A file that cannot be kept true is left out; the tokenizer loads from tokenizer.json without it.
    """
    content = trim_tokenizer(source, tokens)
    _write_json(target / "tokenizer.json", content)
    left_out: dict[str, str] = {}
    for name in TOKENIZER_FILES[1:]:
        file = folder / name
        if not file.is_file():
            continue
        reason = _write(file, target / name, source, content, tokens)
        if reason:
            left_out[name] = reason
    if {"vocab.json", "merges.txt"} & left_out.keys():  # one is nothing without the other
        for name in ("vocab.json", "merges.txt"):
            if (target / name).is_file():
                (target / name).unlink()
                left_out[name] = _FOREIGN
    return left_out


def _write(
    file: Path, target: Path, source: TokenizerSource, content: dict[str, Any], tokens: Mapping[str, int]
) -> str:
    """Write one file; return why not, or nothing."""
    match file.name:
        case "tokenizer_config.json":
            _write_json(target, _trim_config(_read_json(file), tokens))
        case "added_tokens.json":
            _write_json(target, {token: tokens[token] for token in _read_json(file) if token in tokens})
        case "vocab.txt":
            lines = file.read_text("utf-8").removesuffix("\n").split("\n")
            if [line.rstrip() for line in lines] != [token.rstrip() for token in source.vocabulary]:
                return _FOREIGN
            kept = [token for token in source.vocabulary if token in tokens]
            target.write_text("".join(f"{token}\n" for token in kept), "utf-8")
        case "vocab.json":
            known = _read_json(file)
            if any(source.ids.get(token) != index for token, index in known.items()):
                return _FOREIGN
            _write_json(target, {token: tokens[token] for token in known if token in tokens}, plain=True)
        case "merges.txt":
            return _write_merges(file, target, source, content)
        case _:
            return trim_sentencepiece(file, target, tokens, source.ids)
    return ""


def _write_merges(file: Path, target: Path, source: TokenizerSource, content: dict[str, Any]) -> str:
    lines = file.read_text("utf-8").split("\n")
    heading = [line for line in lines[:1] if line.startswith("#version")]
    if [line for line in lines[len(heading) :] if line] != [" ".join(pair) for pair in read_merges(source.model)]:
        return _FOREIGN
    merges = [" ".join(pair) for pair in read_merges(content["model"])]
    target.write_text("".join(f"{line}\n" for line in [*heading, *merges]), "utf-8")
    return ""


def _trim_config(config: dict[str, Any], tokens: Mapping[str, int]) -> dict[str, Any]:
    decoder = config.get("added_tokens_decoder")
    if not decoder:
        return config
    numbered = {str(tokens[entry["content"]]): entry for entry in decoder.values() if entry["content"] in tokens}
    return config | {"added_tokens_decoder": numbered}


def _trim_processor(processor: dict[str, Any], tokens: Mapping[str, int]) -> dict[str, Any]:
    result = dict(processor)
    for name in ("cls", "sep"):
        if name in processor:
            result[name] = [processor[name][0], tokens[processor[name][0]]]
    if processor.get("special_tokens"):
        result["special_tokens"] = {
            name: special | {"ids": [tokens[token] for token in special["tokens"]]}
            for name, special in processor["special_tokens"].items()
        }
    if "processors" in processor:
        result["processors"] = [_trim_processor(inner, tokens) for inner in processor["processors"]]
    return result


def _read_json(file: Path) -> dict[str, Any]:
    return msgspec.json.decode(file.read_bytes(), type=dict[str, Any])


def _write_json(file: Path, content: Any, *, plain: bool = False) -> None:
    text = msgspec.json.encode(content)
    file.write_bytes(text if plain else msgspec.json.format(text, indent=2) + b"\n")
