"""What models answer on the rows of a data set, and how well."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from persopt.comparison.differences import Difference, find_differences
from persopt.comparison.judging import agree, compare_parts, compare_scores
from persopt.comparison.notes import Notes
from persopt.comparison.slicing import Part, cut_by_numbers, cut_column
from persopt.comparison.unlabelled import is_unlabelled, read_unlabelled, write_stand_in
from persopt.data.location import locate_dataset
from persopt.data.preparation import prepare_data
from persopt.domain.compare_reports import ComparedSlice, MetricChange
from persopt.domain.compare_specs import CompareSpec
from persopt.domain.errors import ModelError
from persopt.domain.measurements import Estimate, OutputError
from persopt.domain.programs import DataSpec, TaskName
from persopt.evaluation.batches import InputBatches
from persopt.evaluation.outputs import COMPARED_ROWS, compare_runners
from persopt.evaluation.quality import evaluate
from persopt.evaluation.rows import TaskRows, open_rows
from persopt.evaluation.scores import RowScores
from persopt.models.description import describe_model, read_config
from persopt.models.runners import OpenedModel
from persopt.settings import Settings

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ("QualityComparison",)

_BLOCKS: Final = "causal-language-modeling"


class QualityComparison:
    """Judges models one after another, then compares each with the first.

    Args:
        spec: Resolved, with a data set.
        settings: Where the data lie and the cache of prepared data is.
        work: Folder for what is needed for a while.
        notes: Told what is not compared, and why.
        look: Called often; may raise to end the work.
    """

    def __init__(
        self, spec: CompareSpec, settings: Settings, work: Path, notes: Notes, look: Callable[[], None]
    ) -> None:
        assert spec.task is not None  # resolved
        self._spec = spec
        self._task: TaskName = spec.task
        self._settings = settings
        self._notes = notes
        self._look = look
        self._location: Path | str = locate_dataset(spec.dataset_path, settings)
        self._data: DataSpec = spec.data
        self.has_labels = not is_unlabelled(spec.task, spec.data)
        self._originals: Dataset | None = None
        self._dataset: Path | str = self._location
        if self.has_labels:
            self._split = spec.split
        else:
            self._stand_in(work)
        self._rows: list[TaskRows] = []
        self._scores: list[RowScores] = []

    def judge(self, model: OpenedModel, label: str) -> None:
        """Have the next model answer all rows.

        Raises:
            ModelError: if it cannot; names it.
        """
        rows = open_rows(
            model.path,
            self._dataset,
            self._task,
            self._data,
            self._settings.cache,
            seed=self._spec.seed,
            split=self._split,
            limit=self._spec.rows,
        )
        try:
            scores = evaluate(model, rows, seed=self._spec.seed, on_batch=self._look)
        except ModelError as error:
            message = f"{label}: {error.faults[0].message}"
            raise ModelError(message, path=f"$.modelPaths[{len(self._scores)}]") from error
        self._rows.append(rows)
        self._scores.append(scores)

    @property
    def rows(self) -> int:
        """Number of rows that the models answered."""
        return len(self._rows[0])

    @property
    def classes(self) -> list[str]:
        """Names of the classes in the order of their ids."""
        return self._rows[0].labels

    @property
    def metric(self) -> str | None:
        """The one that the task is about; None without labels."""
        return self._scores[0].metric if self.has_labels else None

    def estimates(self) -> list[dict[str, Estimate]]:
        """Return the metrics of each model; nothing without labels."""
        if not self.has_labels:
            return [{} for _ in self._scores]
        return [scores.estimate(self._spec.confidence) for scores in self._scores]

    def pairs(self, opened: Sequence[OpenedModel]) -> list[dict[str, Any]]:
        """Return for each model but the first the fields of a `ModelPair` that are of its answers."""
        changes = self._compare()
        found = []
        for place in range(1, len(opened)):
            fields: dict[str, Any] = {"changes": changes[place - 1], "outputs": self._compare_outputs(opened, place)}
            if self._task != _BLOCKS:
                agreement = agree(self._scores[0], self._scores[place], has_labels=self.has_labels)
                fields |= {"agreement": agreement.share, "discordance": agreement.discordance}
            found.append(fields)
        return found

    def slices(self) -> list[ComparedSlice]:
        """Return the task's own metric on parts of the rows; nothing without labels, or where rows are blocks."""
        if not self.has_labels or self._task == _BLOCKS:
            return []
        parts: list[Part] = []
        for column in self._spec.slice_by:
            parts += cut_column(self._read_originals(), column)
        if self._spec.length_slices > 1:
            parts += cut_by_numbers(None, self._rows[0].lengths, self._spec.length_slices)
        return compare_parts(self._scores, parts, self._spec.confidence)

    @property
    def shown_columns(self) -> list[str]:
        """Columns of the rows that are shown where models differ."""
        data = self._spec.data
        named = [*data.text_columns, *([data.label_column] if data.label_column else []), *self._spec.slice_by]
        return list(dict.fromkeys(named))

    def differences(self) -> list[Difference]:
        """Return the rows that not all models answer alike."""
        if self._task == _BLOCKS:
            return []
        return find_differences(
            self._spec.labels,
            self._scores,
            self._read_originals(),
            self._rows[0].places,
            columns=self.shown_columns,
            classes=self.classes,
            has_labels=self.has_labels,
        )

    def _compare(self) -> list[dict[str, MetricChange]]:
        if not self.has_labels:
            return [{} for _ in self._scores[1:]]
        if self._task != _BLOCKS:
            return compare_scores(self._scores, self._spec.confidence)
        same = [place for place, rows in enumerate(self._rows) if rows.fingerprint == self._rows[0].fingerprint]
        compared = iter(compare_scores([self._scores[place] for place in same], self._spec.confidence))
        for place in range(1, len(self._rows)):
            if place not in same:
                self._note("other-losses", place)
        return [next(compared) if place in same else {} for place in range(1, len(self._rows))]

    def _compare_outputs(self, opened: Sequence[OpenedModel], place: int) -> OutputError | None:
        if self._rows[place].fingerprint != self._rows[0].fingerprint:
            self._note("other-tokens", place)
            return None
        few = InputBatches(self._rows[0].take(COMPARED_ROWS))
        try:
            return compare_runners(opened[0], opened[place], few, self._look)
        except ModelError as error:
            self._note("outputs", place, reason=error.faults[0].message)
            return None

    def _note(self, key: str, place: int, **values: str) -> None:
        labels = self._spec.labels
        self._notes.add(key, label=labels[place], baseline=labels[0], **values)

    def _read_originals(self) -> Dataset:
        """Return the rows with all their columns."""
        if self._originals is None:
            prepared = prepare_data(self._location, self._spec.data, self._task, self._spec.seed)
            self._originals = prepared.splits[self._spec.split].select(self._rows[0].places)
        elif len(self._originals) != self.rows:
            self._originals = self._originals.select(self._rows[0].places)
        return self._originals

    def _stand_in(self, work: Path) -> None:
        spec = self._spec
        self._notes.add("no-labels")
        self._originals = read_unlabelled(self._location, spec.data, spec.split)
        folder = work / "unlabelled"
        classes = [] if self._task in ("translation", "summarization") else _list_classes(Path(spec.model_paths[0]))
        self._data = write_stand_in(self._originals, spec.data, self._task, classes, folder)
        self._dataset, self._split = folder, "validation"


def _list_classes(folder: Path) -> list[str]:
    """Return the names of a model's classes, or numbers where they have none."""
    named = describe_model(folder).labels
    config = read_config(folder)
    count = len(config.get("id2label") or ()) or int(config.get("num_labels", 2))
    return named or [str(number) for number in range(count)]
