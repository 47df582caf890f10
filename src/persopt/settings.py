"""Settings: where things lie and what is allowed, from the environment and a file.

Precedence: arguments, then `PERSOPT_*` variables, then `persopt.toml` in the workspace, then defaults.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from persopt.domain.errors import InputError
from persopt.domain.validation import decode_struct

__all__ = ("Settings", "load_settings", "make_workspace")

_FILE = "persopt.toml"
_LISTS = ("allowed_roots", "block_plugins")


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that an installation can set.

    Attributes:
        home: The workspace folder (`PERSOPT_HOME`).
        database_url: SQLAlchemy URL of the store; by default `persopt.db` in the workspace.
        nats_url: An external NATS server; by default one is started for the workspace on loopback.
        nats_token: Token for it.
        allowed_roots: Folders outside the workspace that models and data may come from over HTTP.
        allow_commands: Jobs that come over HTTP may run programs and Python functions of the machine.
        block_plugins: Names of entry points that are not loaded.
        strict_plugins: Raise where a plugin is broken, instead of recording it (for authors).
        lease_seconds: How long a job's process may be silent before another takes the job over.
        max_crashes: How often in a row a job's process may die without progress before the job fails.
    """

    home: str = "persopt-data"
    database_url: str | None = None
    nats_url: str | None = None
    nats_token: str | None = None
    allowed_roots: list[str] = []
    allow_commands: bool = False
    block_plugins: list[str] = []
    strict_plugins: bool = False
    lease_seconds: Annotated[float, Meta(gt=0)] = 15.0
    max_crashes: Annotated[int, Meta(ge=1)] = 3

    @property
    def workspace(self) -> Path:
        """The workspace folder as an absolute path."""
        return Path(self.home).absolute()

    @property
    def store_url(self) -> str:
        """SQLAlchemy URL of the store."""
        return self.database_url or f"sqlite:///{self.workspace / 'persopt.db'}"

    @property
    def jobs(self) -> Path:
        """Folder of the jobs' folders."""
        return self.workspace / "jobs"

    @property
    def models(self) -> Path:
        """Folder of the workspace's models."""
        return self.workspace / "models"

    @property
    def datasets(self) -> Path:
        """Folder of the workspace's data sets."""
        return self.workspace / "datasets"

    @property
    def cache(self) -> Path:
        """Folder of what can be made again, such as tokenized data."""
        return self.workspace / "cache"

    @property
    def nats(self) -> Path:
        """Folder of the embedded NATS server."""
        return self.workspace / "nats"


def load_settings(environment: Mapping[str, str] | None = None, **arguments: Any) -> Settings:
    """Gather the settings.

    Args:
        environment: The variables; by default those of the process.
        **arguments: Fields of `Settings` that come before everything else.

    Raises:
        InputError: for a variable, field or file that is not accepted, naming it.
    """
    variables = os.environ if environment is None else environment
    given: dict[str, Any] = {}
    for field in msgspec.structs.fields(Settings):
        value = variables.get(f"PERSOPT_{field.name.upper()}")
        if value:
            given[field.name] = _split(value) if field.name in _LISTS else value
    given |= {name: value for name, value in arguments.items() if value is not None}
    home = Path(str(given.get("home", "persopt-data")))
    return decode_struct({**_read_file(home), **given}, Settings, strict=False)


def make_workspace(settings: Settings) -> Path:
    """Return the workspace's folder, made if need be.

    Raises:
        InputError: if it cannot be made, or is no folder.
    """
    try:
        settings.workspace.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(settings.workspace, error) from None
    return settings.workspace


def _split(value: str) -> list[str]:
    return [item.strip() for item in value.split(",") if item.strip()]


def _read_file(home: Path) -> dict[str, Any]:
    path = home / _FILE
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid TOML: {error}", path="$") from None
    except OSError as error:
        raise _unusable(home, error) from None


def _unusable(home: Path, error: OSError) -> InputError:
    return InputError(
        f"the workspace {str(home)!r} cannot be used: {error.strerror}",
        path="$.home",
        hint="give another folder with --home or PERSOPT_HOME",
    )
