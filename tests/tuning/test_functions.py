"""Finding the function that is tuned."""

from __future__ import annotations

from pathlib import Path

import pytest

from persopt.domain.errors import InputError
from persopt.domain.programs import FunctionProgram
from persopt.tuning.functions import find_function


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("unwritten_module", None, "cannot be imported: No module named 'unwritten_module'"),
        ("torn_module", "def train(:\n", "cannot be imported: invalid syntax"),
        ("lacking_module", "from json import nothing_there\n", "cannot be imported: cannot import name"),
        ("other_module", "def other(): ...\n", "module 'other_module' has no function 'train'"),
        ("constant_module", "train = 5\n", "'constant_module:train' is not a function"),
    ],
)
def test_what_cannot_be_called_is_told_with_the_field(
    tmp_path: Path, name: str, content: str | None, told: str
) -> None:
    if content is not None:
        (tmp_path / f"{name}.py").write_text(content)
    with pytest.raises(InputError) as caught:
        find_function(FunctionProgram(function=f"{name}:train", path=[str(tmp_path)]))
    assert told in str(caught.value)
    assert caught.value.faults[0].path == "$.function"
