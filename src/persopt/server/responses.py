"""What goes out: Structs as JSON, without an encoding in the event loop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Response

__all__ = ("json_response",)


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    """Return a response with a value as JSON; numbers that JSON has no word for (NaN, infinities) become null."""
    return Response(
        msgspec.json.encode(value), status_code=status, media_type="application/json", headers=dict(headers or {})
    )
