"""Identifiers: sortable by the time they were made, safe in file names, URLs and NATS subjects."""

from __future__ import annotations

import secrets
import time
import uuid
from typing import Final

__all__ = ("ID_PATTERN", "new_event_id", "new_job_id")

ID_PATTERN: Final = r"^[0-9a-f]{20}$"


def new_job_id() -> str:
    """Return 20 hexadecimal digits: 12 of the time in milliseconds, 8 of chance."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(4)}"


def new_event_id() -> str:
    """Return the id of an event, also its `Nats-Msg-Id`: a random UUID."""
    return str(uuid.uuid4())
