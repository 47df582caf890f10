"""The sample of docs/pruning.md runs, and its table names every option with its default."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from persopt.domain.vocabularies import VocabularyOptions, VocabularyReport
from tests.pruning.vocabulary.checkpoints import make_texts

TEXT: Final = (Path(__file__).parents[3] / "docs" / "pruning.md").read_text("utf-8").partition("## Vocabulary")[2]


def test_the_sample_runs(vocabulary_models: Callable[[str], Path], tmp_path: Path) -> None:
    sample = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)[0]
    shutil.copytree(vocabulary_models("xlm-roberta"), tmp_path / "models" / "xlm-roberta-base")
    (tmp_path / "corpus.txt").write_text("\n".join(make_texts(6, seed=2)), "utf-8")
    names: dict[str, Any] = {}
    exec(compile(sample, "sample", "exec"), names)  # noqa: S102 - the documentation's own
    assert isinstance(names["report"], VocabularyReport)
    assert names["report"].trimmed


def test_the_table_names_every_option_with_its_default() -> None:
    told = re.findall(r"^\| `(\w+=.*?)` \|", TEXT, re.MULTILINE)
    defaults = VocabularyOptions()
    fields = [field.name for field in msgspec.structs.fields(VocabularyOptions)]
    assert told == [f"{name}={getattr(defaults, name)}" for name in fields]
