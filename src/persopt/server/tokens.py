"""Bearer tokens: where they come from, what they allow, and how guessing is slowed down."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct

from persopt.domain.errors import Fault, InputError
from persopt.events.connection import write_private

__all__ = ("Role", "TokenTable", "WrongTokenLimit", "load_tokens", "take_tokens")

Role = Literal["read", "run"]

_VARIABLES: Final[Mapping[Role, str]] = {"run": "PERSOPT_TOKEN", "read": "PERSOPT_READ_TOKEN"}
_FILE: Final = "http-tokens.json"
_SHORTEST: Final = 16
_MOST_ADDRESSES: Final = 10_000


class TokenTable:
    """The tokens that a server accepts, kept as SHA-256 digests only.

    Args:
        digests: The digest in hex of each token, with what it allows.
    """

    def __init__(self, digests: Mapping[str, Role]) -> None:
        self._digests = dict(digests)

    @classmethod
    def of(cls, tokens: Mapping[Role, str]) -> TokenTable:
        """Return the table of tokens in the clear."""
        return cls({_digest(token): role for role, token in tokens.items()})

    def role_of(self, token: str) -> Role | None:
        """Return what a token allows, None if it is wrong; the time that this takes does not depend on the token."""
        given, found = _digest(token), None
        for known, role in self._digests.items():
            if hmac.compare_digest(known, given):
                found = role
        return found


class WrongTokenLimit:
    """Counts wrong tokens by address; after `most` within `seconds` the address has to wait.

    It remembers at most 10,000 addresses, and forgets those that were seen longest ago.

    Args:
        most: Wrong tokens that are let pass.
        seconds: The window, and the wait.
        clock: Gives the time in seconds.
    """

    def __init__(self, most: int = 10, seconds: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._seen: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def wait_of(self, address: str) -> float:
        """Return how many seconds an address has to wait before its next token is looked at; 0 if none."""
        count, since = self._seen.get(address, (0, 0.0))
        left = since + self._seconds - self._clock()
        return left if count >= self._most and left > 0 else 0.0

    def note(self, address: str) -> None:
        """Count a wrong token."""
        now = self._clock()
        count, since = self._seen.pop(address, (0, now))
        if now - since >= self._seconds:
            count, since = 0, now
        self._seen[address] = (count + 1, since)
        while len(self._seen) > _MOST_ADDRESSES:
            self._seen.popitem(last=False)


class _Saved(Struct, frozen=True, kw_only=True):
    """What the workspace keeps of tokens that were made: their digests."""

    run: str
    read: str


def take_tokens(environment: MutableMapping[str, str]) -> dict[Role, str]:
    """Take the tokens out of the environment, so that jobs and their programs do not inherit them.

    Raises:
        InputError: if one is shorter than 16 characters, or both are the same.
    """
    found: dict[Role, str] = {}
    faults: list[Fault] = []
    for role, variable in _VARIABLES.items():
        token = environment.pop(variable, "")
        if token:
            found[role] = token
        if token and len(token) < _SHORTEST:
            message = f"has {len(token)} characters; expected at least {_SHORTEST}, as `openssl rand -hex 32` gives"
            faults.append(Fault(path=f"$.{variable}", message=message))
    if len(found) > 1 and found["run"] == found["read"]:
        faults.append(Fault(path="$.PERSOPT_READ_TOKEN", message="is the same as PERSOPT_TOKEN; expected another one"))
    if "read" in found and "run" not in found:
        faults.append(Fault(path="$.PERSOPT_TOKEN", message="is required beside PERSOPT_READ_TOKEN", code="missing"))
    if faults:
        raise InputError(faults)
    return found


def load_tokens(workspace: Path, *, renew: bool = False) -> tuple[TokenTable, dict[Role, str]]:
    """Return the workspace's own tokens; they are made when there are none.

    Only digests are kept, in a file that the user alone can read.

    Args:
        workspace: The workspace's folder.
        renew: Make new ones in any case; the old ones are then wrong.

    Returns:
        The table, and the tokens in the clear if they were made now; else nothing, for nobody knows them any more.
    """
    path = workspace / _FILE
    saved = None if renew else _read(path)
    if saved is not None:
        return TokenTable({saved.run: "run", saved.read: "read"}), {}
    made: dict[Role, str] = {"run": secrets.token_urlsafe(32), "read": secrets.token_urlsafe(32)}
    digests = {role: _digest(token) for role, token in made.items()}
    write_private(path, msgspec.json.encode(_Saved(run=digests["run"], read=digests["read"])))
    return TokenTable.of(made), made


def _read(path: Path) -> _Saved | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Saved)
    except (OSError, msgspec.DecodeError):
        return None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
