"""Trimming the vocabulary of a checkpoint to what a corpus uses, from folder to folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from persopt.domain.errors import DataError, Fault, InputError, ModelError, PersoptError
from persopt.domain.vocabularies import VocabularyOptions, VocabularyReport
from persopt.models.description import check_model, describe_model
from persopt.models.headers import find_weights
from persopt.models.loading import load_config
from persopt.models.new_folder import make_new_folder
from persopt.pruning.vocabulary.configurations import change_config, find_named_ids, find_vocabulary_size
from persopt.pruning.vocabulary.corpus import Check, Corpus, Usage, check_corpus, count_tokens, find_changed_processors
from persopt.pruning.vocabulary.embeddings import copy_index, copy_tensors, find_token_axes, fixes_padding
from persopt.pruning.vocabulary.folder_files import copy_other_files
from persopt.pruning.vocabulary.selection import Selection, find_required, select_tokens
from persopt.pruning.vocabulary.sentencepiece_files import find_fixed_pieces, load_processors
from persopt.pruning.vocabulary.source import TokenizerSource, load_backend, read_tokenizer
from persopt.pruning.vocabulary.tokenizer_files import TOKENIZER_FILES, write_tokenizer_files

__all__ = ("check_trimming", "trim_vocabulary")

_CONFIG = "config.json"
_GENERATION = "generation_config.json"


class _Plan(Struct, frozen=True):
    """What is known of a checkpoint before the corpus is read."""

    folder: Path
    source: TokenizerSource
    config: Any
    generation: dict[str, Any] | None
    rows: int
    axes: dict[str, int]
    named: set[int]
    fixed: int
    required: set[str]


def trim_vocabulary(
    model_folder: Path | str, corpus: Corpus, output_folder: Path | str, options: VocabularyOptions | None = None
) -> VocabularyReport:
    """Write a checkpoint whose tokenizer and embeddings hold only the tokens that a corpus uses.

    Special, added and byte tokens stay, and by default those of one character. With the default options every text
    of the corpus has the same pieces as before and gives bit-equal hidden states; a language model's logits are the
    kept columns. The result loads by `from_pretrained` without persopt. Weights are copied a few megabytes at a
    time; the corpus is streamed.

    Args:
        model_folder: A checkpoint with a fast tokenizer (WordPiece, BPE or Unigram); left as it is.
        corpus: Texts, or rows of texts. It is read twice, to count and to check; an iterator, which can be read
            only once, is checked on its first 10,000 texts.
        output_folder: New or empty; takes its name when all is written.
        options: What to keep besides.

    Raises:
        InputError: if the folders, the model (`ModelError`), the options or the corpus are not fit; with all faults
            that are seen before the corpus is read.
        OutputError: if the output cannot be written.
    """
    folder, target = Path(model_folder).absolute(), Path(output_folder).absolute()
    options = options if options is not None else VocabularyOptions()
    plan = _make_plan(folder, target, options)
    usage = count_tokens(plan.source, corpus)
    selection = select_tokens(plan.source, usage.counts, plan.required, options, plan.rows, plan.named)
    if 0 <= plan.fixed < plan.rows and selection.ids.get(plan.fixed) != plan.fixed:
        raise ModelError(f"the ids below the padding token's ({plan.fixed}) have holes, so it cannot keep its place")
    with make_new_folder(target) as part:
        left_out = _write(plan, selection, part)
        _check_ids(plan, selection, part)
        check = _check_texts(plan, selection, part, usage)
        if not selection.dropped:
            left_out |= _leave_out_changed(plan, part, usage)
        return _report(plan, selection, part, target, usage, check, left_out)


def check_trimming(
    model_folder: Path | str, output_folder: Path | str, options: VocabularyOptions | None = None
) -> None:
    """Make sure, before a corpus is read or anything written, that a model's vocabulary can be trimmed so.

    Raises:
        InputError: with all faults found.
    """
    _make_plan(Path(model_folder).absolute(), Path(output_folder).absolute(), options or VocabularyOptions())


def _make_plan(folder: Path, target: Path, options: VocabularyOptions) -> _Plan:
    faults = list(_find_folder_faults(folder, target))
    try:
        plan = _read_plan(folder, options)
    except PersoptError as error:
        raise type(error)([*faults, *error.faults]) from error
    if faults:
        raise InputError(faults)
    return plan


def _read_plan(folder: Path, options: VocabularyOptions) -> _Plan:
    check_model(folder, path="")
    config = load_config(folder)
    if getattr(config, "quantization_config", None) is not None:
        raise ModelError(f"the model in {folder} is quantized; trim its vocabulary before it is quantized")
    source = read_tokenizer(folder)
    rows = find_vocabulary_size(config)
    axes = find_token_axes(folder, config, rows)
    generation = _read_json(folder / _GENERATION) if (folder / _GENERATION).is_file() else None
    named = find_named_ids(config.to_dict()) | find_named_ids(generation or {})
    padding = getattr(config.get_text_config(), "pad_token_id", None)
    fixed = padding if isinstance(padding, int) and fixes_padding(config) else -1
    required = find_required(source, options, named, fixed)
    for name in source.processors:
        required |= find_fixed_pieces(folder / name) & source.ids.keys()
    return _Plan(folder, source, config, generation, rows, axes, named, fixed, required)


def _find_folder_faults(folder: Path, target: Path) -> Iterator[Fault]:
    if folder.resolve() in (target.resolve(), *target.resolve().parents):
        yield Fault(path="$.outputPath", message=f"lies inside the model's folder {folder}; got {target}")
    elif target.exists() and not target.is_dir():
        yield Fault(path="$.outputPath", message=f"{target} is a file; expected a folder that is new or empty")
    elif target.is_dir() and any(target.iterdir()):
        yield Fault(path="$.outputPath", message=f"{target} is in use: it must be new or empty")


def _write(plan: _Plan, selection: Selection, part: Path) -> dict[str, str]:
    """Write the trimmed checkpoint; return the files left out, with the reason."""
    left_out = write_tokenizer_files(plan.source, plan.folder, part, selection.tokens)
    sizes = (plan.rows, len(selection.rows))
    raw = _read_json(plan.folder / _CONFIG)
    _write_json(part / _CONFIG, change_config(raw, plan.config.to_dict(), selection.ids, sizes))
    if plan.generation is not None:
        _write_json(part / _GENERATION, change_config(plan.generation, plan.generation, selection.ids, sizes))
    weights = find_weights(plan.folder)
    for file in weights:
        copy_tensors(file, part / file.name, plan.axes, selection.rows)
    copy_index(plan.folder, part)
    done = {_CONFIG, _GENERATION, *TOKENIZER_FILES, *(file.name for file in weights)}
    if len(weights) > 1:
        done.add("model.safetensors.index.json")
    return left_out | copy_other_files(plan.folder, part, done)


def _check_ids(plan: _Plan, selection: Selection, part: Path) -> None:
    """Load what was written as a user will, and compare every id and shape with what it should be.

    Raises:
        ModelError: if the tokenizer's or the configuration's class makes something else of the files.
    """
    from tokenizers import Tokenizer

    for backend in (load_backend(part), Tokenizer.from_file(str(part / "tokenizer.json"))):
        loaded = backend.get_vocab(with_added_tokens=True)
        for token, index in loaded.items():
            if selection.tokens.get(token) != index:
                raise ModelError(
                    f"the trimmed tokenizer loads with the id {index} for {token!r}, expected "
                    f"{selection.tokens.get(token)}: its class numbers tokens by itself, so it cannot be trimmed"
                )
    config = load_config(part)
    sizes = (plan.rows, len(selection.rows))
    before = plan.config.to_dict()
    expected, found = change_config(before, before, selection.ids, sizes), config.to_dict()
    for name in expected.keys() - {"_name_or_path"}:
        if found.get(name) != expected[name]:
            raise ModelError(f"config.json loads with {found.get(name)!r} for {name}, expected {expected[name]!r}")
    if find_token_axes(part, config, sizes[1]) != plan.axes:
        raise ModelError("the trimmed tensors are not those that the architecture has for each token")


def _check_texts(plan: _Plan, selection: Selection, part: Path, usage: Usage) -> Check:
    """Tokenize the corpus again.

    Raises:
        DataError: if the corpus cannot be read again.
        ModelError: if a text has other pieces though no token of the corpus was given up.
    """
    new_ids = selection.map_array(max(plan.source.ids.values()) + 1)
    backend = load_backend(part)
    try:
        check = check_corpus(plan.source, backend, new_ids, usage.again)
    except OSError as error:  # not one of the output's
        raise DataError(f"the corpus could be read once, but not again: {error}") from error
    if check.changed and not selection.dropped:
        raise ModelError(
            f"the tokenizer cuts {check.example!r:.80} into other pieces once unused tokens are gone, so its "
            "vocabulary cannot be trimmed"
        )
    return check


def _leave_out_changed(plan: _Plan, part: Path, usage: Usage) -> dict[str, str]:
    """Remove the SentencePiece models that cut some text otherwise than before."""
    changed = find_changed_processors(plan.source.processors, load_processors(part), usage.again)
    for name in changed:
        (part / name).unlink()
    return dict.fromkeys(changed, "SentencePiece itself would cut some texts of the corpus into other pieces")


def _report(
    plan: _Plan, selection: Selection, part: Path, target: Path, usage: Usage, check: Check, left_out: dict[str, str]
) -> VocabularyReport:
    before, after = describe_model(plan.folder), describe_model(part)
    files = [name for name in TOKENIZER_FILES if (part / name).is_file()]
    return VocabularyReport(
        output_path=str(target),
        kind=plan.source.kind,
        tokens_before=len(plan.source.ids),
        tokens_after=len(selection.tokens),
        rows_before=plan.rows,
        rows_after=len(selection.rows),
        parameters_before=before.parameters,
        parameters_after=after.parameters,
        weight_bytes_before=before.bytes,
        weight_bytes_after=after.bytes,
        tokenizer_bytes_before=_measure(plan.folder, files),
        tokenizer_bytes_after=_measure(part, files),
        corpus_texts=usage.texts,
        corpus_tokens=usage.tokens,
        dropped_tokens=selection.dropped,
        checked_texts=check.texts,
        changed_texts=check.changed,
        unknown_words_before=check.unknown_before,
        unknown_words_after=check.unknown_after,
        left_out=left_out,
    )


def _measure(folder: Path, names: Sequence[str]) -> int:
    return sum((folder / name).stat().st_size for name in names)


def _read_json(file: Path) -> dict[str, Any]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{file} is not valid JSON: {error}") from None


def _write_json(file: Path, content: dict[str, Any]) -> None:
    file.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
