"""The expected errors of persopt, one tree, and the fault that they carry.

An expected error is one that a person can mend: it is printed without a traceback, at one place of each
face. Everything else is a bug and propagates.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

__all__ = (
    "BusError",
    "ConflictError",
    "DataError",
    "Fault",
    "InputError",
    "JobCancelledError",
    "JobFailedError",
    "LeaseLostError",
    "ModelError",
    "NotFoundError",
    "OutputError",
    "PersoptError",
    "PluginError",
    "StoreError",
    "TrainingError",
    "UnknownValueError",
)


class Fault(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is wrong, in plain words, and where.

    Attributes:
        message: One sentence that names the field, what was given and what is accepted.
        path: JSON path of the field at fault, such as `$.config.learningRate.min`; empty if none.
        code: A stable word for programs, such as `bad-value`, `out-of-memory`, `killed`, `nan-loss`.
        hint: What to do about it; empty if the message says it.
        passing: True if the same thing may work when it is tried again (a killed process, a full disk).
    """

    message: str
    path: str = ""
    code: str = "bad-value"
    hint: str = ""
    passing: bool = False

    def __str__(self) -> str:
        """Return the fault as one line: path, message, hint."""
        where = f"{self.path.removeprefix('$.')}: " if self.path not in ("", "$") else ""
        return f"{where}{self.message}" + (f" ({self.hint})" if self.hint else "")


class PersoptError(Exception):
    """Base of every expected error.

    Args:
        faults: The faults, or one message that makes one fault.
        path: JSON path of the field, when one message is given.
        hint: What to do, when one message is given.
    """

    code = "error"
    passing = False

    def __init__(self, faults: str | Fault | Sequence[Fault], *, path: str = "", hint: str = "") -> None:
        if isinstance(faults, str):
            faults = Fault(message=faults, path=path, hint=hint, code=self.code, passing=self.passing)
        self.faults: tuple[Fault, ...] = (faults,) if isinstance(faults, Fault) else tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class InputError(PersoptError, ValueError):
    """Something that the caller gave is not accepted; carries all the faults found, not only the first."""

    code = "bad-value"


class NotFoundError(PersoptError, LookupError):
    """A job, an artifact or a plugin of that name does not exist."""

    code = "not-found"


class ConflictError(PersoptError):
    """The thing is in a state that does not allow this (a job that has ended is not cancelled)."""

    code = "conflict"


class DataError(InputError):
    """A data set cannot be found, read or used for the task."""

    code = "bad-data"


class ModelError(InputError):
    """A model cannot be found, loaded or changed as asked."""

    code = "bad-model"


class OutputError(PersoptError, OSError):
    """An output folder is in use or not writable, or the disk is full."""

    code = "output"


class TrainingError(PersoptError):
    """A training run could not give a result (NaN loss, out of memory at this batch size)."""

    code = "training"


class PluginError(PersoptError):
    """A plugin did not keep its contract.

    Args:
        plugin: Name of the contribution or entry point.
        distribution: Name and version of the distribution that it comes from.
        reason: What happened.
    """

    code = "plugin"

    def __init__(self, plugin: str, distribution: str, reason: str) -> None:
        self.plugin, self.distribution, self.reason = plugin, distribution, reason
        super().__init__(f"plugin {plugin!r} of {distribution}: {reason}")


class StoreError(PersoptError):
    """The database cannot be opened, or is of a version that this persopt does not know."""

    code = "store"


class BusError(PersoptError):
    """The event bus cannot be reached or refuses what was asked."""

    code = "bus"
    passing = True


class LeaseLostError(PersoptError):
    """Another process has taken this job over; whoever sees this must stop writing at once."""

    code = "lease-lost"
    passing = True


class JobFailedError(PersoptError):
    """A job that was waited for ended in state failed; carries the job's faults."""

    code = "job-failed"


class JobCancelledError(PersoptError):
    """A job that was waited for was cancelled."""

    code = "cancelled"


class UnknownValueError(PersoptError):
    """A check needs a part of the input that is malformed. It has no faults: those of that part are told already."""

    code = "unknown-value"

    def __init__(self, message: str) -> None:
        super().__init__(())
        self.args = (message,)
