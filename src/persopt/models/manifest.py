"""The manifest of an artifact: what was done, to which model, with which data and versions, and its files' hashes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from persopt.domain.errors import Fault, ModelError
from persopt.domain.programs import TaskName

__all__ = (
    "MANIFEST_FILE",
    "Manifest",
    "Source",
    "has_manifest",
    "list_requirements",
    "list_weight_files",
    "read_manifest",
    "verify_manifest",
    "write_manifest",
)

MANIFEST_FILE: Final = "persopt.json"
_VERSION: Final = 1
_VERSIONED: Final = ("persopt", "torch", "transformers")
# What lies beside weights: settings, tokenizers, papers, results, examples.
_BESIDE: Final = (".json", ".jsonl", ".txt", ".model", ".spm", ".jinja", ".md", ".csv", ".svg", ".html", ".log", ".py")
_WEIGHT_INDEX: Final = ".index.json"
_DISTRIBUTION: Final = re.compile(r"[A-Za-z0-9._-]+")


class Source(Struct, frozen=True, kw_only=True, rename="camel"):
    """Something that an artifact was made from: where it was, and the hash of its contents (empty if unknown)."""

    path: str
    hash: str = ""


class Manifest(Struct, frozen=True, kw_only=True, rename="camel"):
    """What an artifact is.

    Attributes:
        version: Of the manifest's own form.
        format: What kind of files these are: `onnx`, `openvino`, `safetensors`, ...
        backend: Name of the quantization backend that made them and runs them.
        plugin: Distribution and version that the backend comes from.
        config: What was done, everything that was left open filled in.
        model: The checkpoint it was made from.
        dataset: The data it was calibrated, trained or judged on, if any.
        task: What the model does, if that is known.
        seed: Of anything random.
        versions: Of the distributions that took part.
        notes: What to know about it, in plain words.
        files: SHA-256 of each file, by its path in the folder.
    """

    version: int = _VERSION
    format: str
    backend: str
    plugin: str = ""
    config: dict[str, Any]
    model: Source
    dataset: Source | None = None
    task: TaskName | None = None
    seed: int = 0
    versions: dict[str, str]
    notes: list[str] = []
    files: dict[str, str]


def write_manifest(
    folder: Path,
    *,
    format: str,
    backend: str,
    config: Struct | Mapping[str, Any],
    model: Source,
    plugin: str = "",
    dataset: Source | None = None,
    task: TaskName | None = None,
    seed: int = 0,
    distributions: Iterable[str] = (),
    notes: Iterable[str] = (),
) -> Manifest:
    """Write `persopt.json` into a folder, with the hashes of all files that lie there now, and return it.

    Args:
        folder: The artifact, everything in it but this file and what is no part of the model (reports, plots).
        format: See `Manifest`.
        backend: See `Manifest`.
        config: See `Manifest`; a Struct or plain data.
        model: See `Manifest`.
        plugin: See `Manifest`.
        dataset: See `Manifest`.
        task: See `Manifest`.
        seed: See `Manifest`.
        distributions: Whose versions are recorded besides persopt's, torch's and Transformers'; those that are not
            installed are left out.
        notes: See `Manifest`.
    """
    manifest = Manifest(
        format=format,
        backend=backend,
        plugin=plugin,
        config=msgspec.to_builtins(config),
        model=model,
        dataset=dataset,
        task=task,
        seed=seed,
        versions=_list_versions((*_VERSIONED, *distributions)),
        notes=list(notes),
        files={name: _hash(folder / name) for name in _list_files(folder)},
    )
    part = folder / f".{MANIFEST_FILE}.part"
    part.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2))
    part.replace(folder / MANIFEST_FILE)
    return manifest


def has_manifest(folder: Path) -> bool:
    """Return whether a folder is an artifact of persopt."""
    return (folder / MANIFEST_FILE).is_file()


def read_manifest(folder: Path, path: str = "") -> Manifest:
    """Return the manifest of an artifact; its files are looked for, but not read.

    Args:
        folder: The artifact.
        path: JSON path of the field, for errors.

    Raises:
        ModelError: if there is none, it cannot be read, is of a newer form, or a file that it names is not there.
    """
    file = folder / MANIFEST_FILE
    try:
        content = file.read_bytes()
        version = msgspec.json.decode(content, type=_Form).version
        if version > _VERSION:
            raise ModelError(
                f"{file} has the form {version}; this persopt knows forms up to {_VERSION}",
                path=path,
                hint="install a newer persopt",
            )
        manifest = msgspec.json.decode(content, type=Manifest)
    except FileNotFoundError:
        raise ModelError(f"{folder} has no {MANIFEST_FILE}: it is no artifact of persopt", path=path) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(f"{file} is damaged: {error}", path=path, hint="copy the whole folder again") from None
    except OSError as error:
        raise ModelError(f"{file} cannot be read: {error.strerror}", path=path) from error
    outside = [name for name in manifest.files if not (folder / name).resolve().is_relative_to(folder.resolve())]
    if outside:
        raise ModelError(f"{file} names {outside[0]}, which lies outside the folder", path=path)
    missing = [name for name in manifest.files if not (folder / name).is_file()]
    if missing:
        raise ModelError(
            f"{folder} lacks {', '.join(missing)}, of which {MANIFEST_FILE} tells", path=path, hint="copy it again"
        )
    return manifest


def verify_manifest(folder: Path, path: str = "") -> Manifest:
    """Return the manifest of an artifact whose files are, byte for byte, those it was written with.

    Raises:
        ModelError: as `read_manifest`, and for every file that has changed since, all at once.
    """
    manifest = read_manifest(folder, path)
    faults = [
        Fault(
            message=f"{folder / name} is not as written: its SHA-256 is {found}, {MANIFEST_FILE} says {expected}",
            path=path,
            code="bad-model",
            hint="copy the artifact again, or quantize again",
        )
        for name, expected in manifest.files.items()
        if (found := _hash(folder / name)) != expected
    ]
    if faults:
        raise ModelError(faults)
    return manifest


def list_weight_files(folder: Path) -> list[Path]:
    """Return the files of a model's folder that hold weights or a graph, sorted; settings and tokenizers are none."""
    names = (name for name in _list_files(folder) if not name.endswith(_BESIDE) or name.endswith(_WEIGHT_INDEX))
    return [folder / name for name in names]


class _Form(Struct):
    version: int


def list_requirements(plugin: str) -> list[str]:
    """Return the distribution of a plugin (`name version`) and those that it requires; none where it is not installed.

    Of persopt itself only what its own backend works with, not all that persopt needs.
    """
    name = plugin.partition(" ")[0]
    if name == "persopt":
        return ["torchao"]
    try:
        required = metadata.requires(name) or []
    except (metadata.PackageNotFoundError, ValueError):
        return []
    return [name, *(found[0] for one in required if (found := _DISTRIBUTION.match(one)))]


def _list_versions(distributions: Iterable[str]) -> dict[str, str]:
    found = {}
    for name in dict.fromkeys(distributions):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _list_files(folder: Path) -> list[str]:
    """Return the paths of all visible files in a folder, the manifest left out."""
    names = (item.relative_to(folder) for item in folder.rglob("*") if item.is_file())
    return sorted(
        name.as_posix()
        for name in names
        if name.as_posix() != MANIFEST_FILE and not any(part.startswith(".") for part in name.parts)
    )


def _hash(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
