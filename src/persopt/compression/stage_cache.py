"""What stages of a pipeline made, kept by what they were made of, for every search of a workspace.

An entry is a folder that is named for the hash of all that decides its content: the input model's own hash, the
stage's settings, the data, the seed, the versions. It takes its name when it is whole. One search at a time uses the
cache; two at a time would spoil each other's timings too.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from persopt.data.hashing import hash_text
from persopt.domain.errors import OutputError
from persopt.models.new_folder import write_through
from persopt.models.output_folder import explain_os_error

__all__ = ("CACHE_BYTES", "Stage", "StageCache", "make_key")

CACHE_BYTES: Final = 20 * 10**9
"""Size from which on the entries that were not used for the longest time go."""

_FORM: Final = 1  # of the entries; a change of it makes new keys
_FACTS: Final = "stage.json"
_MODEL: Final = "model"
_MEASURES: Final = "measures"
_WAIT_SECONDS: Final = 0.5

MeasureT = TypeVar("MeasureT", bound=Struct)


class StageFacts(Struct, frozen=True, kw_only=True, rename="camel"):
    """What is known of an entry.

    Attributes:
        kind: Of the stage.
        parts: What its key was made of.
        hash: Of the model that it holds.
        bytes: Of its files.
        seconds: Time that it took.
        notes: What the stage told.
    """

    kind: str
    parts: dict[str, Any]
    hash: str
    bytes: int
    seconds: float
    notes: list[str] = []


class Stage(Struct, frozen=True, kw_only=True):
    """A stage's result.

    Attributes:
        key: Name of the entry.
        folder: Of the model.
        hash: Of the model.
        seconds: Time that it took when it was made.
        cached: Whether it was there already.
        notes: What the stage told.
    """

    key: str
    folder: Path
    hash: str
    seconds: float = 0.0
    cached: bool = False
    notes: tuple[str, ...] = ()


def make_key(kind: str, parts: Mapping[str, Any]) -> str:
    """Return the hash of a kind of stage and of everything that decides what it makes.

    Args:
        kind: Of the stage.
        parts: Plain data and Structs; the order of names does not matter.
    """
    plain = msgspec.to_builtins({"form": _FORM, "kind": kind, "parts": dict(parts)})
    return hash_text(msgspec.json.encode(plain, order="deterministic").decode())


class StageCache:
    """Entries below a folder. Use `opened` around everything else.

    Args:
        root: The folder.
        most_bytes: Size of all entries together beyond which old ones go; what this search used stays.
    """

    def __init__(self, root: Path, most_bytes: int = CACHE_BYTES) -> None:
        self._root = root
        self._most_bytes = most_bytes
        self._used: set[str] = set()
        self.made = 0
        self.reused = 0

    @contextmanager
    def opened(self, look: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Keep other searches out until the block ends; wait for one that is in.

        Args:
            look: Called every half second of waiting; may raise to end it.

        Raises:
            OutputError: if the folder cannot be written.
        """
        from filelock import FileLock, Timeout

        try:
            self._root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{self._root} cannot be made: {explain_os_error(error)}") from error
        lock = FileLock(self._root / ".lock")
        while True:
            look()
            try:
                lock.acquire(timeout=_WAIT_SECONDS)
                break
            except Timeout:
                continue
        try:
            for left in self._root.glob(".*.part"):  # of a search that was killed
                shutil.rmtree(left, ignore_errors=True)
            yield
        finally:
            lock.release()

    def make(
        self, kind: str, parts: Mapping[str, Any], write: Callable[[Path], list[str]], hash_of: Callable[[Path], str]
    ) -> Stage:
        """Return the entry of these parts, made now if it is not there.

        Args:
            kind: Of the stage.
            parts: Everything that decides what it makes.
            write: Writes the model into the path that it is given, which does not exist; returns notes. If it
                raises, nothing stays.
            hash_of: Hashes the model.

        Raises:
            OutputError: if the cache cannot be written, or the disk is full.
        """
        key = make_key(kind, parts)
        self._used.add(key)
        found = self._find(key)
        if found is not None:
            self.reused += 1
            return found
        begin = time.monotonic()
        part = self._root / f".{key}.part"
        shutil.rmtree(part, ignore_errors=True)
        try:
            part.mkdir()
            notes = write(part / _MODEL)
            facts = StageFacts(
                kind=kind,
                parts=msgspec.to_builtins(dict(parts)),
                hash=hash_of(part / _MODEL),
                bytes=_size_of(part),
                seconds=time.monotonic() - begin,
                notes=notes,
            )
            (part / _FACTS).write_bytes(msgspec.json.format(msgspec.json.encode(facts), indent=2))
            write_through(part)
            part.rename(self._root / key)
        except OSError as error:
            if isinstance(error, OutputError):
                raise
            raise OutputError(f"{self._root} cannot be written: {explain_os_error(error)}") from error
        finally:
            shutil.rmtree(part, ignore_errors=True)
        self.made += 1
        self._make_room()
        made = self._find(key)
        assert made is not None  # it has just been written, under the lock
        return msgspec.structs.replace(made, cached=False)

    def has(self, kind: str, parts: Mapping[str, Any]) -> bool:
        """Return whether there is an entry of these parts."""
        return (self._root / make_key(kind, parts) / _FACTS).is_file()

    def measure(
        self, kind: str, parts: Mapping[str, Any], type_: type[MeasureT], compute: Callable[[], MeasureT]
    ) -> MeasureT:
        """Return what was measured of these parts before, or measure it now and keep it.

        Args:
            kind: What is measured.
            parts: Everything that decides it.
            type_: What it is.
            compute: Measures.
        """
        file = self._root / _MEASURES / f"{make_key(kind, parts)}.json"
        try:
            return msgspec.json.decode(file.read_bytes(), type=type_)
        except (FileNotFoundError, msgspec.DecodeError):
            pass
        found = compute()
        file.parent.mkdir(exist_ok=True)
        part = file.with_suffix(".part")
        part.write_bytes(msgspec.json.encode(found))
        part.replace(file)
        return found

    def _find(self, key: str) -> Stage | None:
        """Return an entry, and remember that it was used."""
        file = self._root / key / _FACTS
        try:
            facts = msgspec.json.decode(file.read_bytes(), type=StageFacts)
        except FileNotFoundError:
            return None
        os.utime(file)
        return Stage(
            key=key,
            folder=file.parent / _MODEL,
            hash=facts.hash,
            seconds=facts.seconds,
            cached=True,
            notes=tuple(facts.notes),
        )

    def _make_room(self) -> None:
        """Delete entries that were not used for the longest time, until the others fit."""
        entries = []
        for file in self._root.glob(f"*/{_FACTS}"):
            facts = msgspec.json.decode(file.read_bytes(), type=StageFacts)
            entries.append((file.stat().st_mtime_ns, file.parent, facts.bytes))
        total = sum(size for _, _, size in entries)
        for _, folder, size in sorted(entries):
            if total <= self._most_bytes:
                return
            if folder.name not in self._used:
                doomed = folder.with_name(f".{folder.name}.part")  # half an entry must not look like a whole one
                folder.rename(doomed)
                shutil.rmtree(doomed, ignore_errors=True)
                total -= size


def _size_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
