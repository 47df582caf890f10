"""Who is asked and from where: the `Host` and `Origin` headers, against DNS rebinding and foreign pages."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from persopt.server.options import ServerOptions
from persopt.server.problems import ProblemError

__all__ = ("check_host", "check_origin", "is_loopback", "split_origin")

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_SAFE_SITES: Final = ("same-origin", "none")
_ANYBODY: Final = "null"
"""The origin of sandboxed frames and local files: any page can have it, so nobody can mean one by it."""
_PORTS: Final = {"http": 80, "https": 443}
_NAME: Final = re.compile(r"[a-z0-9_.-]+|[0-9a-f:.]+")


def check_host(headers: Mapping[str, str], options: ServerOptions) -> None:
    """Refuse a `Host` that this server is not called by.

    A page of a foreign name whose DNS entry was turned to this machine sends that name.

    Raises:
        ProblemError: with status 421.
    """
    host = _host_name(headers.get("host", ""))
    if host in _LOOPBACK or host in options.hosts or (options.any_address and _is_address(host)):
        return
    raise ProblemError(
        421, "foreign-host", f"this server is not called {host[:80]!r}; the operator can add names by --allow-host"
    )


def check_origin(headers: Mapping[str, str], options: ServerOptions) -> None:
    """Refuse a request that another site's page makes; programs send no `Origin` and pass.

    Raises:
        ProblemError: with status 403.
    """
    origin = headers.get("origin")
    if origin is None:
        site = headers.get("sec-fetch-site")
        if site is not None and site not in _SAFE_SITES:
            raise ProblemError(403, "foreign-origin", "pages of other sites may not call this server")
        return
    if (origin in options.origins and origin != _ANYBODY) or _is_same(origin, headers.get("host", "")):
        return
    raise ProblemError(
        403, "foreign-origin", f"pages of {origin[:80]!r} may not call this server; --allow-origin lets them"
    )


def split_origin(text: str) -> str | None:
    """Return an origin as browsers send it; None if the text is not one of http or https alone."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    name = (parts.hostname or "").casefold()
    rest = parts.path or parts.query or parts.fragment or parts.username is not None or "?" in text or "#" in text
    if parts.scheme not in _PORTS or rest or not _NAME.fullmatch(name):
        return None
    shown = f"[{name}]" if ":" in name else name
    return f"{parts.scheme}://{shown}" + ("" if port in (None, _PORTS[parts.scheme]) else f":{port}")


def is_loopback(host: str) -> bool:
    """Return whether an address to listen at is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_same(origin: str, host: str) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc.casefold() == host.casefold() != ""


def _host_name(header: str) -> str:
    """Return the name of a `Host` header, without port and brackets; empty if it is not ASCII, as every name is."""
    if not header.isascii():
        return ""
    if header.startswith("["):
        return header[1:].partition("]")[0].casefold()
    return header.partition(":")[0].casefold()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
