"""The prepared form of a data set (token ids, pixels): made once, mapped by every trial."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from persopt.data.hashing import hash_files, hash_text
from persopt.data.preparation import PreparedData, prepare_data
from persopt.data.reading import hash_dataset
from persopt.data.tasks import DATA_TASKS, Processor
from persopt.domain.errors import OutputError
from persopt.domain.programs import TrainingProgram

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ("TokenizedData", "tokenized_dataset")

_FORM: Final = 1  # of the files; a change of it makes new keys
_MANIFEST: Final = "manifest.json"
_PROCESSOR_FILES: Final = (
    "token",
    "vocab",
    "merges",
    "special_tokens",
    "added_tokens",
    "spiece",
    "sentencepiece",
    "spm",
    "source.spm",
    "target.spm",
    "preprocessor_config",
    "processor_config",
)


class _Manifest(Struct, frozen=True, kw_only=True):
    labels: list[str]
    splits: list[str]


@dataclass(frozen=True, kw_only=True)
class TokenizedData:
    """Memory-mapped splits.

    Each row has the columns that its task's `schema` (`persopt.data.tasks`) tells of: of texts `input_ids`, `labels`
    (an id, or one for each token and -100 where it is not judged), `length` in tokens and, for pairs and tokenizers
    that tell them apart, `token_type_ids`.

    Attributes:
        train: Training rows.
        validation: Rows that trials are judged on.
        test: Rows kept for the end, if there are any.
        labels: Names of the classes in the order of their ids; empty for tasks without classes.
        folder: Where the files lie.
        from_cache: Whether they were there already.
    """

    train: Dataset
    validation: Dataset
    test: Dataset | None
    labels: list[str]
    folder: Path
    from_cache: bool


def tokenized_dataset(program: TrainingProgram, max_length: int, processor: Processor) -> TokenizedData:
    """Return the prepared data of a program, from the cache if they are there.

    The key is made of the contents of the data files and the tokenizer's files, the spec, the seed and the
    length; so a changed file is never mistaken for the old one. Several processes may ask at once: one makes
    the files, the others wait and use them. What a killed process leaves is never used, and is cleared away.

    Args:
        program: Data, model folder (for its tokenizer's files) and cache folder.
        max_length: Longest text in tokens; no more than the tokenizer's own limit is used.
        processor: The tokenizer of the model, or its image processor.

    Raises:
        DataError: if the data cannot be read or used.
        OutputError: if the cache cannot be written, or the disk is full.
    """
    from filelock import FileLock

    limit = min(max_length, getattr(processor, "model_max_length", max_length))
    root = Path(program.cache) / "tokenized"
    key = _make_key(program, limit, processor)
    folder = root / key
    try:
        cached = _open(folder, from_cache=True)
        if cached is not None:
            return cached
        root.mkdir(parents=True, exist_ok=True)
        with FileLock(root / f"{key}.lock"):
            cached = _open(folder, from_cache=True)
            if cached is not None:
                return cached
            _build(program, limit, processor, folder)
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(f"tokenized data cannot be written to {root}: {error}") from error
    made = _open(folder, from_cache=False)
    if made is None:
        raise OutputError(f"tokenized data vanished from {folder} while they were made")
    return made


def _make_key(program: TrainingProgram, limit: int, processor: Processor) -> str:
    parts: dict[str, Any] = {
        "form": _FORM,
        "data": hash_dataset(_location(program)),
        "tokenizer": [type(processor).__name__, _hash_processor(Path(program.model))],
        "libraries": [version("tokenizers"), version("transformers")],
        "task": program.task,
        "spec": msgspec.to_builtins(msgspec.structs.replace(program.data, max_length=limit)),
        "seed": program.seed,
    }
    return hash_text(msgspec.json.encode(parts, order="deterministic").decode())


def _location(program: TrainingProgram) -> Path | str:
    path = Path(program.dataset)
    return path if path.exists() or path.is_absolute() else program.dataset


def _hash_processor(folder: Path) -> str:
    files = [file for file in sorted(folder.iterdir()) if file.name.startswith(_PROCESSOR_FILES) and file.is_file()]
    return hash_files(files, salt=repr([file.name for file in files]))


def _open(folder: Path, *, from_cache: bool) -> TokenizedData | None:
    """Return what a folder holds; None if it is not there. A folder of this name is always whole."""
    from datasets import Dataset

    try:
        manifest = msgspec.json.decode((folder / _MANIFEST).read_bytes(), type=_Manifest)
    except FileNotFoundError:
        return None
    splits = {name: Dataset.from_file(str(folder / f"{name}.arrow")) for name in manifest.splits}
    return TokenizedData(
        train=splits["train"],
        validation=splits["validation"],
        test=splits.get("test"),
        labels=manifest.labels,
        folder=folder,
        from_cache=from_cache,
    )


def _build(program: TrainingProgram, limit: int, processor: Processor, folder: Path) -> None:
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)  # of a process that was killed: the lock is ours
    prepared = prepare_data(_location(program), program.data, program.task, program.seed)
    part.mkdir()
    try:
        for name in prepared.splits:
            _write_split(prepared, name, processor, limit, part / f"{name}.arrow")
        manifest = _Manifest(labels=prepared.labels, splits=list(prepared.splits))
        (part / _MANIFEST).write_bytes(msgspec.json.encode(manifest))
        for file in part.iterdir():  # a name must not survive a power cut that its content did not
            with file.open("rb+") as stream:
                os.fsync(stream.fileno())
        part.rename(folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _write_split(prepared: PreparedData, split: str, processor: Processor, limit: int, file: Path) -> None:
    """Write the prepared rows of a split into an Arrow stream file that `datasets.Dataset.from_file` maps."""
    import pyarrow as pa

    task = DATA_TASKS[prepared.task]
    schema = task.schema(prepared, processor)
    with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_stream(sink, schema) as writer:
        for batch in task.encode(prepared, split, processor, limit):
            writer.write_batch(pa.RecordBatch.from_pydict({name: batch[name] for name in schema.names}, schema=schema))
