"""Whether two models read the same rows alike."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import msgspec

from persopt.evaluation.rows import TaskRows
from tests.support.tiny_models import make_text_program


def test_rows_are_the_same_where_tokens_and_labels_are_whatever_else_the_folders_say(tmp_path: Path) -> None:
    program = make_text_program(tmp_path)
    other = tmp_path / "other"
    shutil.copytree(program.model, other)
    settings = other / "tokenizer_config.json"
    settings.write_text(json.dumps(json.loads(settings.read_text("utf-8")) | {"truncation_side": "right"}), "utf-8")
    same = TaskRows(msgspec.structs.replace(program, model=str(other)))
    rows = TaskRows(program)
    assert same.fingerprint == rows.fingerprint
    assert TaskRows(program, limit=len(rows) - 1).fingerprint != rows.fingerprint


def test_rows_differ_where_the_tokenizer_makes_other_tokens_of_them(tmp_path: Path) -> None:
    program = make_text_program(tmp_path)
    other = tmp_path / "other"
    shutil.copytree(program.model, other)
    file = other / "tokenizer.json"
    tokenizer = json.loads(file.read_text("utf-8"))
    names = list(tokenizer["model"]["vocab"])
    first, second = names[-2:]
    vocabulary = tokenizer["model"]["vocab"]
    vocabulary[first], vocabulary[second] = vocabulary[second], vocabulary[first]
    file.write_text(json.dumps(tokenizer), "utf-8")
    changed = TaskRows(msgspec.structs.replace(program, model=str(other)))
    assert changed.fingerprint != TaskRows(program).fingerprint
