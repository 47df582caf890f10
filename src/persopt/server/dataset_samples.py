"""A look into a data set that a client names: found inside the roots, and remembered while its files stay the same."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from persopt.data.sample import DatasetSample, list_data_files, sample_dataset
from persopt.domain.errors import NotFoundError
from persopt.domain.names import suggest
from persopt.server.catalog import find_cached, find_datasets
from persopt.server.path_guard import PathGuard
from persopt.settings import Settings

__all__ = ("MOST_ROWS", "DatasetDetail", "DatasetSamples")

MOST_ROWS: Final = 50
_PATH: Final = "query.name"
_KEPT: Final = 32


class DatasetDetail(DatasetSample, frozen=True, kw_only=True, rename="camel"):
    """A data set and what it holds."""

    name: Annotated[str, Meta(description="As it was asked for.")]
    bytes: Annotated[int, Meta(ge=0, description="Size of its files.")]


class DatasetSamples:
    """Looks into data sets; of the 32 that were asked for last each is read once.

    Args:
        settings: Where data sets may lie.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._guard = PathGuard(settings)
        self._known: OrderedDict[object, DatasetSample] = OrderedDict()
        self._lock = threading.Lock()

    def look(self, name: str, rows: int, split: str | None) -> DatasetDetail:
        """Return what a data set holds, with so many of its first rows.

        Args:
            name: A path in the workspace or an allowed root, or the id of a data set in the Hugging Face cache.
            rows: At most 50.
            split: Of which split; None for the one that is trained on.

        Raises:
            InputError: if it lies outside, or cannot be read.
            NotFoundError: if there is none; names the nearest.
        """
        location, is_own = self._find(name)
        files = list_data_files(location, _PATH)
        if is_own:  # a link in the folder must not lead out of the roots either
            for file in files:
                self._guard.check_input(str(file), _PATH, "datasets")
        facts = [(str(file), stat.st_size, stat.st_mtime_ns) for file in files for stat in (file.stat(),)]
        key = (str(location), split, hash(tuple(facts)))
        with self._lock:
            sample = self._known.get(key)
        if sample is None:
            sample = sample_dataset(location, MOST_ROWS, split, _PATH)
            with self._lock:
                self._known[key] = sample
                while len(self._known) > _KEPT:
                    self._known.popitem(last=False)
        fields = msgspec.structs.asdict(sample) | {"sample": sample.sample[:rows]}
        return DatasetDetail(name=name, bytes=sum(size for _, size, _ in facts), **fields)

    def _find(self, name: str) -> tuple[Path, bool]:
        located = Path(self._guard.check_input(name, _PATH, "datasets"))
        if name.strip() and located.is_absolute() and located.exists():
            return located, True
        cached = find_cached(name, "datasets")
        if cached is not None:
            return cached, False
        known = [view.name for view in find_datasets(self._settings)]
        raise NotFoundError(f"no data set {name[:200]!r} is installed{suggest(name[:200], known)}", path=_PATH)
