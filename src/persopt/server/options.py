"""What an HTTP server is told when it is made: who may come in, and how much they may send."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from msgspec import Struct

from persopt.server.tokens import TokenTable

__all__ = ("API_PREFIX", "ServerOptions")

API_PREFIX: Final = "/api/optimization"


class ServerOptions(Struct, frozen=True, kw_only=True):
    """The settings of one server.

    Attributes:
        tokens: Who may do what; None lets everybody who can reach the server do everything (loopback only).
        hosts: Names that the `Host` header may have beside those of loopback, without port, lower case.
        any_address: Whether `Host` may be any IP address; a name that was rebound by DNS never is one.
        origins: Origins of foreign pages that may call, such as `https://studio.example`.
        max_body: Most bytes of a body.
        body_seconds: Seconds within which a body has to arrive whole.
        max_depth: How deep the lists and objects of a body may lie in each other.
        heartbeat_seconds: Pause after which a stream without events sends a comment.
        static: Folder of the studio's built page; None serves the API alone.
    """

    tokens: TokenTable | None = None
    hosts: frozenset[str] = frozenset()
    any_address: bool = False
    origins: frozenset[str] = frozenset()
    max_body: int = 1 << 20
    body_seconds: float = 10.0
    max_depth: int = 32
    heartbeat_seconds: float = 15.0
    static: Path | None = None
