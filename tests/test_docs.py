"""docs/python.md is executed: its function sample runs, its space samples and keywords are accepted."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

import persopt
from persopt.domain.space import ParameterConfig
from persopt.domain.space_building import build_space
from persopt.domain.specs import TuneSpec

TEXT: Final = (Path(__file__).parents[1] / "docs" / "python.md").read_text("utf-8")
BLOCKS: Final = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


def test_the_function_sample_runs(tmp_path: Path) -> None:
    module, program = BLOCKS[1:3]
    (tmp_path / "rastrigin.py").write_text(module)
    quick = program.replace("max_trials=50", "max_trials=5").replace("persopt.tune(", "report = persopt.tune(")
    (tmp_path / "program.py").write_text(f"{quick}\nprint(report.best_value)")
    done = subprocess.run([sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) >= 0


def test_every_way_to_write_a_parameter_is_accepted() -> None:
    written = [ast.literal_eval(sample) for sample in re.findall(r"^\| `(.*?)` \|", TEXT, re.MULTILINE)]
    config: dict[str, Any] = {f"p{index}": sample for index, sample in enumerate(written)}
    space = build_space(
        msgspec.convert(config | {"optim": ["sgd", "adam"]}, dict[str, ParameterConfig]), known_only=False
    )
    assert len(space.parameters) == len(written) + 1 == 7


def test_every_keyword_of_the_first_sample_is_taken() -> None:
    call = next(node for node in ast.walk(ast.parse(BLOCKS[0])) if isinstance(node, ast.Call))
    own = set(inspect.signature(persopt.tune).parameters)
    fields = {field.name for field in msgspec.structs.fields(TuneSpec)}
    assert {keyword.arg for keyword in call.keywords} <= own | fields
