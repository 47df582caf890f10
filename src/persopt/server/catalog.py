"""What is installed: models and data sets of the workspace, the Hugging Face cache and the allowed roots."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from persopt.domain.errors import PersoptError
from persopt.settings import Settings

__all__ = ("DatasetView", "ModelView", "find_cached", "find_datasets", "find_models")

Source = Literal["workspace", "cache", "root"]

_DEPTH: Final = 3
_MOST: Final = 5000


class ModelView(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A checkpoint that is there."""

    name: Annotated[str, Meta(description="As `modelPath` takes it.")]
    source: Annotated[Source, Meta(description="Where it was found.")]
    bytes: Annotated[int, Meta(description="Size of the weights.")] = 0
    architecture: Annotated[str, Meta(description="Class that it was saved from.")] = ""
    model_type: Annotated[str, Meta(description="Family by Transformers' name.")] = ""
    parameters: Annotated[int, Meta(description="Number of weights.")] = 0
    labels: Annotated[list[str], Meta(description="Its classes in the order of their ids.")] = []
    fault: Annotated[str, Meta(description="Why it cannot be read; empty if it can.")] = ""


class DatasetView(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A data set that is there."""

    name: Annotated[str, Meta(description="As `datasetPath` takes it.")]
    source: Annotated[Source, Meta(description="Where it was found.")]
    bytes: Annotated[int, Meta(description="Size of its files.")] = 0
    splits: Annotated[dict[str, list[str]], Meta(description="Names of the files of each split.")] = {}
    fault: Annotated[str, Meta(description="Why it cannot be read; empty if it can.")] = ""


def find_models(settings: Settings) -> list[ModelView]:
    """Return the checkpoints, by name; no tensor is loaded."""
    from persopt.models.description import describe_model

    found: dict[str, ModelView] = {}
    for name, folder, source in _places(settings, settings.models, "models", _is_model):
        try:
            told = describe_model(folder)
        except (PersoptError, OSError, ValueError) as error:
            found[name] = ModelView(name=name, source=source, fault=str(error))
            continue
        found[name] = ModelView(
            name=name,
            source=source,
            bytes=told.bytes,
            architecture=told.architecture,
            model_type=told.model_type,
            parameters=told.parameters,
            labels=told.labels,
        )
    return [found[name] for name in sorted(found)]


def find_datasets(settings: Settings) -> list[DatasetView]:
    """Return the data sets, by name; no row is read."""
    from persopt.data.files import is_saved, list_files

    found: dict[str, DatasetView] = {}
    for name, place, source in _places(settings, settings.datasets, "datasets", _is_dataset):
        try:
            splits = {} if place.is_dir() and is_saved(place) else list_files(place)
            size = _size(place)
        except (PersoptError, OSError) as error:
            found[name] = DatasetView(name=name, source=source, fault=str(error))
            continue
        named = {str(split): [file.name for file in files] for split, files in splits.items()}
        found[name] = DatasetView(name=name, source=source, bytes=size, splits=named)
    return [found[name] for name in sorted(found)]


def find_cached(name: str, kind: str) -> Path | None:
    """Return the folder of a model or data set in the Hugging Face cache, by its id; None if it is not there."""
    return next((place for known, place, _ in _cached(kind) if known == name), None)


def _places(
    settings: Settings, folder: Path, kind: str, fits: Callable[[Path], bool]
) -> Iterator[tuple[str, Path, Source]]:
    for place in _walk(folder, fits):
        yield str(place.relative_to(settings.workspace)), place, "workspace"
    for root in settings.allowed_roots:
        for place in _walk(Path(root).expanduser().resolve(), fits):
            yield str(place), place, "root"
    yield from _cached(kind)


def _walk(root: Path, fits: Callable[[Path], bool], depth: int = _DEPTH) -> Iterator[Path]:
    """Give what fits below a folder, some levels deep; links are not followed."""
    try:
        items = sorted(root.iterdir())[:_MOST]
    except OSError:
        return
    for item in items:
        if item.name.startswith(".") or item.is_symlink():
            continue
        if fits(item):
            yield item
        elif item.is_dir() and depth > 1:
            yield from _walk(item, fits, depth - 1)


def _cached(kind: str) -> Iterator[tuple[str, Path, Source]]:
    """Give what the Hugging Face cache holds, by id of the hub."""
    from huggingface_hub import constants

    cache = Path(constants.HF_HUB_CACHE)
    prefix = f"{kind}--"
    for folder in sorted(cache.glob(f"{prefix}*")):
        snapshots = sorted((folder / "snapshots").glob("*"), key=lambda item: item.stat().st_mtime)
        if snapshots:
            yield folder.name.removeprefix(prefix).replace("--", "/"), snapshots[-1], "cache"


def _is_model(place: Path) -> bool:
    return (place / "config.json").is_file()


def _is_dataset(place: Path) -> bool:
    from persopt.data.files import SUFFIXES, is_saved

    if place.is_file():
        return place.suffix.lower() in SUFFIXES
    return place.is_dir() and (is_saved(place) or any(item.suffix.lower() in SUFFIXES for item in place.iterdir()))


def _size(place: Path) -> int:
    files = [place] if place.is_file() else [item for item in place.rglob("*") if item.is_file()]
    return sum(file.stat().st_size for file in files)
