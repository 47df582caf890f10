"""What is sent where: from the command line, else the environment, else a TOML file, else the defaults."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct, field

from persopt.domain.errors import InputError
from persopt.domain.jobs import JobKind
from persopt.domain.languages import Language
from persopt.domain.validation import decode_struct

__all__ = ("Ending", "NotifySettings", "read_settings")

Ending = Literal["succeeded", "failed", "cancelled"]

_PREFIX: Final = "PERSOPT_NOTIFY_"
_LISTS: Final = ("to", "kinds", "endings")
_SHARED: Final = {"PERSOPT_HOME": "home", "PERSOPT_NATS_URL": "nats_url", "PERSOPT_NATS_TOKEN": "nats_token"}


class NotifySettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of one subscriber.

    Attributes:
        to: Addresses as Apprise writes them, such as `tgram://TOKEN/CHAT`; they hold secrets.
        kinds: Only jobs of these kinds; empty for all.
        endings: Only jobs that have ended so.
        language: Of the texts.
        link: Put before the id of a job to make a link, such as `https://studio.example/#jobs/`.
        home: The workspace, where the embedded event server is found.
        nats_url: An event server that is not the workspace's.
        nats_token: Its token.
        name: Under which the event server remembers how far this subscriber is.
        state: File of what was delivered to some of several addresses only; by default in the workspace's folder.
        days: After so many days an address that takes nothing is given up for that message.
    """

    to: Annotated[list[Annotated[str, Meta(min_length=1)]], Meta(min_length=1)]
    kinds: list[JobKind] = []
    endings: Annotated[list[Ending], Meta(min_length=1)] = field(default_factory=lambda: ["succeeded", "failed"])
    language: Language = "fa"
    link: str = ""
    home: str = "persopt-data"
    nats_url: str = ""
    nats_token: str = ""
    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = "persopt-notify"
    state: str = ""
    days: Annotated[float, Meta(gt=0)] = 7.0

    @property
    def state_file(self) -> Path:
        """Where deliveries in part are remembered."""
        return Path(self.state) if self.state else Path(self.home) / f"{self.name}.json"


def read_settings(given: Mapping[str, Any], environment: Mapping[str, str]) -> NotifySettings:
    """Gather the settings.

    Args:
        given: What the command line said; None where it said nothing; `config` names a TOML file.
        environment: The variables.

    Raises:
        InputError: with a fault for each thing that is missing or not accepted.
    """
    found: dict[str, Any] = {}
    config = given.get("config") or environment.get(f"{_PREFIX}CONFIG")
    if config:
        found |= _read_file(Path(config))
    found |= {name: environment[variable] for variable, name in _SHARED.items() if environment.get(variable)}
    for known in msgspec.structs.fields(NotifySettings):
        value = environment.get(_PREFIX + known.name.upper())
        if value:
            found[known.name] = value.split() if known.name in _LISTS else value
    found |= {name: value for name, value in given.items() if value not in (None, []) and name != "config"}
    return decode_struct(found, NotifySettings, strict=False)


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", path="$.config") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid TOML: {error}", path="$.config") from None
