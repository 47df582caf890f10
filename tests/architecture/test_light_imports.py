"""What every start of the program loads is light: heavy libraries come when they are used."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PACKAGE = PROJECT / "src" / "persopt"
HEAVY = frozenset(
    {"accelerate", "datasets", "matplotlib", "onnxruntime", "optuna", "pandas", "scipy", "sklearn"}
    | {"torch", "torch_pruning", "transformers"}
)
FOR_HELP_TOO_MUCH = HEAVY | {"alembic", "litestar", "nats", "numpy", "prometheus_client", "sqlalchemy", "uvicorn"}
LIGHT = ("domain", "settings", "plugins", "kernel", "events", "runtime", "predicting", "api", "server", "cli")


def _loaded_by(program: str) -> set[str]:
    """Run a program in a fresh interpreter; return the top-level packages that it has loaded at its end."""
    loaded = "sorted({name.partition('.')[0] for name in sys.modules})"
    report = f"; import json; sys.stderr.write('\\n' + json.dumps({loaded}))"
    done = subprocess.run([sys.executable, "-c", program + report], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


def _modules(*patterns: str) -> list[str]:
    paths = {path for pattern in patterns for path in PACKAGE.glob(pattern)}
    names = [".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for path in paths]
    # Alembic runs its scripts by itself, and `__main__` runs the program.
    return sorted(
        name.removesuffix(".__init__") for name in names if "migrations" not in name and not name.endswith("__main__")
    )


@pytest.mark.parametrize("part", LIGHT)
def test_importing_a_part_of_the_foundation_loads_nothing_heavy(part: str) -> None:
    modules = _modules(f"{part}.py", f"{part}/**/*.py")
    assert modules, f"persopt.{part} is not there"
    assert _loaded_by(f"import sys, {', '.join(modules)}") & HEAVY == set()


def test_importing_the_built_in_plugins_loads_nothing_heavy() -> None:
    modules = _modules("*/builtin/**/*.py")
    assert modules
    assert _loaded_by(f"import sys, {', '.join(modules)}") & HEAVY == set()


def test_importing_the_package_loads_nothing_but_the_domain() -> None:
    assert _loaded_by("import sys, persopt") & (FOR_HELP_TOO_MUCH | {"click", "rich", "pluggy"}) == set()


def test_the_package_is_light_because_its_names_are_lazy() -> None:
    assert "persopt" in _loaded_by("import sys, persopt")
    assert _loaded_by("import sys, persopt; persopt.tune") & HEAVY == set()


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_and_version_load_neither_the_heavy_nor_the_servers(arguments: list[str]) -> None:
    program = f"""
import sys
from persopt.cli import main
sys.argv = ["persopt", *{arguments!r}]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
"""
    assert _loaded_by(program + "pass") & FOR_HELP_TOO_MUCH == set()


def test_the_help_of_a_command_loads_nothing_heavy() -> None:
    program = """
import sys
from persopt.cli import main
sys.argv = ["persopt", "tune", "--help"]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
"""
    assert _loaded_by(program + "pass") & HEAVY == set()
