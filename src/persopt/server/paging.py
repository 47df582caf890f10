"""Cursors: opaque to clients, the place after which a list goes on; they stay right while new rows come in."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime, timedelta
from typing import Final

from persopt.domain.errors import InputError
from persopt.domain.jobs import JobRecord
from persopt.kernel.store import JobRow

__all__ = ("job_cursor", "read_job_cursor", "read_number_cursor")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ID_LENGTH: Final = 20
_LATEST: Final = 1 << 62
_MOST: Final = 1 << 31


def job_cursor(job: JobRecord | JobRow) -> str:
    """Return the cursor of what comes after a job."""
    micros = (job.created_at - _EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(f"{micros}.{job.id}".encode()).decode().rstrip("=")


def read_job_cursor(cursor: str) -> tuple[datetime, str]:
    """Return the time and the id of the job after which the list goes on.

    Raises:
        InputError: if no list has given this cursor.
    """
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
        micros, _, job_id = text.partition(".")
        if len(job_id) != _ID_LENGTH or not micros.isdecimal() or int(micros) > _LATEST:
            raise _refuse(cursor)
        return _EPOCH + timedelta(microseconds=int(micros)), job_id
    except (ValueError, binascii.Error, OverflowError):
        raise _refuse(cursor) from None


def read_number_cursor(cursor: str) -> int:
    """Return the number after which a list of numbered things goes on.

    Raises:
        InputError: if no list has given this cursor.
    """
    if not (cursor.isascii() and cursor.isdecimal()) or int(cursor[:12]) >= _MOST:
        raise _refuse(cursor)
    return int(cursor[:12])


def _refuse(cursor: str) -> InputError:
    return InputError(f"expected the `next` of an earlier answer, got {cursor[:80]!r}", path="query.cursor")
