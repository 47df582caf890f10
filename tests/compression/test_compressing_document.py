"""docs/compressing.md: its commands are understood, its call is accepted, its fields are there."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path
from typing import Final

import msgspec

from persopt.cli.compress import build_compress_spec, compress
from persopt.domain.compress_reports import CompressReport
from persopt.domain.compress_specs import CompressSpec
from persopt.domain.validation import decode_struct
from persopt.kernel.builtin_modules import BUILTIN_MODULES
from persopt.plugins.discovery import load_registry
from persopt.settings import Settings

TEXT: Final = (Path(__file__).parents[2] / "docs" / "compressing.md").read_text("utf-8")


def test_every_command_is_understood() -> None:
    registry = load_registry(Settings(), BUILTIN_MODULES)
    (block,) = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
    specs = []
    for line in block.splitlines():
        context = compress.make_context("compress", shlex.split(line)[2:])
        specs.append(build_compress_spec(context.params, registry))
    assert [spec.model_path for spec in specs] == ["models/classifier"] * 3
    assert (specs[0].budget, specs[1].techniques, specs[2].threads) == ("30m", ["vocabulary", "quantization"], 2)


def test_the_call_is_accepted() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    call = next(node for node in ast.walk(ast.parse(block)) if isinstance(node, ast.Call))
    given = {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}
    names = {field.name: field.encode_name for field in msgspec.structs.fields(CompressSpec)}
    spec = decode_struct({names[name]: value for name, value in given.items()}, CompressSpec)
    assert (spec.max_accuracy_drop, spec.budget) == (1.0, "30m")


def test_the_tables_name_fields_and_defaults() -> None:
    fields = {field.encode_name: field for field in msgspec.structs.fields(CompressSpec)}
    rows = re.findall(r"^\| `(\w+)` \| `--[a-z-]+` \| ?`?([\w.]*)`? ?\|", TEXT, re.MULTILINE)
    assert len(rows) == 7
    for name, default in rows:
        assert str(fields[name].default) == (default or "None")
    told = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| [^`]", TEXT.partition("## The result")[2], re.MULTILINE)
    names = {name for row in told for name in re.findall(r"\w+", row)}
    assert names <= set(CompressReport.__struct_fields__)
    assert {"confirmation", "pareto", "sensitivity"} <= names
