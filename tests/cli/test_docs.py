from __future__ import annotations

import json
import re
from pathlib import Path

import click
import pytest

from persopt.cli.app import application
from persopt.cli.parameters import parse_parameters
from persopt.domain.errors import Fault
from persopt.domain.space_building import build_space
from persopt.domain.specs import TuneSpec
from persopt.domain.validation import decode_struct

DOCUMENT = (Path(__file__).parents[2] / "docs" / "cli.md").read_text("utf-8")
ROWS = re.findall(r"^\| `(\w+=[^`]+)` \| .* \| (?:`([^`]+)`|the same) \|$", DOCUMENT, re.MULTILINE)


def commands(group: click.Group = application, path: str = "") -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found.append((f"{path}{name}", command))
        if isinstance(command, click.Group):
            found += commands(command, f"{path}{name} ")
    return found


def test_every_command_has_its_place_in_the_manual() -> None:
    for name, _ in commands():
        assert name.split()[-1] in DOCUMENT


@pytest.mark.parametrize("name", [name for name, command in commands() if not isinstance(command, click.Group)])
def test_every_flag_has_its_place_in_the_manual_and_a_help_text(name: str) -> None:
    command = dict(commands())[name]
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.opts}"
            if name in ("tune", "prune", "quantize"):
                assert any(f"`{switch}`" in DOCUMENT for switch in parameter.opts), parameter.opts


def test_the_table_of_forms_was_found() -> None:
    assert len(ROWS) == 7


@pytest.mark.parametrize(("word", "written"), ROWS)
def test_each_row_of_the_table_means_what_it_says(word: str, written: str) -> None:
    faults: list[Fault] = []
    config = parse_parameters([word], faults)
    assert not faults
    (value,) = config.values()
    if written and "..." not in written:
        assert value == json.loads(written)
    if "when" not in word:
        assert build_space(decode_struct({"config": config}, TuneSpec).config).parameters


def test_the_request_in_yaml_is_a_spec(tmp_path: Path) -> None:
    from persopt.cli.spec_files import read_mapping

    (text,) = re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)
    (tmp_path / "request.yaml").write_text(text, "utf-8")
    spec = decode_struct(read_mapping(str(tmp_path / "request.yaml"), "--spec"), TuneSpec)
    assert spec.max_trials == 20
    assert build_space(spec.config).size is None
