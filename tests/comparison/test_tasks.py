"""Comparisons on the other tasks: images, and texts that are written, with labels and without."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from persopt.evaluation.rows import TaskRows
from tests.support.comparisons import compare_here, save_variant
from tests.support.tiny_tasks import make_image_program, make_pair_program


def test_images_are_compared_by_their_classes(tmp_path: Path) -> None:
    program = make_image_program(tmp_path)
    models = [save_variant(program, tmp_path / name, seed) for seed, name in enumerate("ab")]
    report = compare_here(tmp_path, models, dataset_path=program.dataset, data=program.data, lengths=[])
    assert (report.task, report.metric) == ("image-classification", "accuracy")
    assert report.pairs[0].discordance is not None
    assert [one.length for one in report.pairs[0].speedups] == [8]
    assert not [one for one in report.slices if one.column is None]


def test_written_texts_are_compared_with_labels_and_without(tmp_path: Path) -> None:
    program = make_pair_program(tmp_path)
    models = [save_variant(program, tmp_path / name, seed) for seed, name in enumerate("ab")]
    common: dict[str, Any] = {"task": program.task, "speed": False}
    report = compare_here(tmp_path / "x", models, dataset_path=program.dataset, data=program.data, **common)
    (pair,) = report.pairs
    assert report.metric is not None
    assert report.metric in pair.changes
    assert pair.discordance is None
    assert pair.agreement is not None
    assert report.rows == len(TaskRows(program))
    lines = (Path(program.dataset) / "validation.jsonl").read_text("utf-8").splitlines()
    (source,) = report.spec.data.text_columns if report.spec else []
    bare = tmp_path / "bare.jsonl"
    bare.write_text("".join(json.dumps({"text": json.loads(line)[source]}) + "\n" for line in lines), "utf-8")
    without = compare_here(tmp_path, models, dataset_path=str(bare), **common)
    assert (without.has_labels, without.pairs[0].agreement) == (False, pair.agreement)
    assert without.differences == report.differences
