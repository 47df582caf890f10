"""That docs/plugins.md is true."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from persopt import testing
from persopt.plugins import LogReader, TrialPool, hookspecs
from persopt.plugins.introspection import describe_parameters, list_members
from persopt.plugins.points import PLUGIN_POINTS, PluginPoint
from persopt.settings import Settings
from tests.contracts.installing import LAMP
from tests.contracts.test_broken_plugins import FAULTS

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "plugins.md").read_text("utf-8")


@pytest.mark.parametrize("point", PLUGIN_POINTS, ids=lambda point: point.kind)
def test_every_hook_is_documented_with_its_exact_signature(point: PluginPoint) -> None:
    signature = inspect.signature(getattr(hookspecs, point.hook))
    assert f"### `{point.hook}{describe_parameters(signature)} -> {signature.return_annotation}`\n" in TEXT


@pytest.mark.parametrize("point", PLUGIN_POINTS, ids=lambda point: point.kind)
def test_every_method_of_a_contract_is_documented_with_its_parameters(point: PluginPoint) -> None:
    section = TEXT.split(f"### `{point.hook}()")[1].split("\n##")[0]
    for contract in (point.contract, *point.abilities):
        for member in list_members(contract):
            if member.parameters is not None:
                assert f"`{member.name}{describe_parameters(member.parameters)}`" in section
            elif member.name not in ("name", "title", "options"):
                assert f"`{member.name}`" in section


def test_what_readers_and_pools_do_is_documented() -> None:
    for contract in (LogReader, TrialPool):
        for member in list_members(contract):
            assert member.parameters is not None
            assert f"`{member.name}{describe_parameters(member.parameters)}`" in TEXT


def test_every_member_of_a_contribution_is_documented() -> None:
    for name in ("name", "title", "options"):
        assert f"| `{name}` |" in TEXT


@pytest.mark.parametrize("name", ["persopt_lamp.py", "pyproject.toml", "test_lamp.py"])
def test_the_code_shown_is_a_file_that_exists(name: str) -> None:
    language = "toml" if name.endswith(".toml") else "python"
    assert f"```{language}\n{(LAMP / name).read_text('utf-8')}```\n" in TEXT


def test_the_test_shown_runs_and_passes(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(LAMP / "test_lamp.py")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(LAMP), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert re.search(r"\d\d passed", done.stdout)


def test_every_test_case_is_named() -> None:
    cases = set(testing.__all__) - {"ContributionCase", "ParserSample"}
    assert set(re.findall(r"`(\w+Case)`", TEXT)) == cases


def test_the_faults_shown_are_those_that_are_told() -> None:
    table = TEXT.split("| fault | what you read |")[1].split("\n\n")[0]
    shown = re.findall(r"^\| .* \| `(.*)` \|$", table, flags=re.MULTILINE)
    told = [fault for _, _, faults in FAULTS.values() for fault in faults]
    assert len(shown) >= 10
    for text in shown:
        assert any(fault.endswith(text) for fault in told), text


def test_the_variables_are_settings() -> None:
    names = re.findall(r"`PERSOPT_(\w+)=", TEXT)
    assert names
    assert {name.lower() for name in names} <= {field.name for field in msgspec.structs.fields(Settings)}


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        assert (DOCS / target).exists(), target
