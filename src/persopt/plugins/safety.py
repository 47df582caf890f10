"""Running code that strangers wrote: whatever it raises is told, and only the user's own interrupt passes."""

from __future__ import annotations

__all__ = ("describe_exception", "reraise_interrupt")


def describe_exception(error: BaseException) -> str:
    """Return the type and the message of an exception in one line, even if its message cannot be made."""
    try:
        text = " ".join(str(error).split())
    except BaseException as other:  # noqa: BLE001 - a stranger's __str__
        reraise_interrupt(other)
        text = "(its message cannot be shown)"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def reraise_interrupt(error: BaseException) -> None:
    """Raise an exception again if it is the user's own interrupt, which nobody may swallow."""
    if isinstance(error, KeyboardInterrupt):
        raise error
