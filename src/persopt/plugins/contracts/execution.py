"""Trial executors: where trials run."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Final, Protocol, TypeAlias, TypeVar

from msgspec import Struct

from persopt.domain.errors import Fault
from persopt.domain.programs import Program
from persopt.domain.space import Params
from persopt.domain.trials import Report
from persopt.plugins.contracts.base import Contribution

__all__ = (
    "SAVE_SECONDS",
    "ExecutorRequest",
    "Failed",
    "Finished",
    "FunctionTrial",
    "Reported",
    "Started",
    "Stopped",
    "TrialEndedEarly",
    "TrialExecutor",
    "TrialMessage",
    "TrialPool",
    "TrialRequest",
)

SAVE_SECONDS: Final = 60.0
"""How long a trial whose model is to be kept may take from being stopped to having saved it."""

OptionsT_contra = TypeVar("OptionsT_contra", bound=Struct, contravariant=True)


class ExecutorRequest(Struct, frozen=True, kw_only=True):
    """What a pool is opened for.

    Attributes:
        parallel: Trials that may run at the same time.
        program: What every trial of the pool runs.
        folder: Folder of the trials' folders; exists.
        threads: CPU threads of one trial; None divides the machine's cores among `parallel`.
    """

    parallel: int
    program: Program
    folder: str
    threads: int | None = None


class TrialRequest(Struct, frozen=True, kw_only=True):
    """One trial to run.

    Attributes:
        number: Number of the trial.
        attempt: 1 for the first run.
        params: The point.
        seed: Seed of everything random in the trial.
        folder: The trial's own folder, for its log (`log.txt`) and checkpoint (`checkpoint/`); made by the pool.
    """

    number: int
    attempt: int
    params: Params
    seed: int
    folder: str


class Started(Struct, frozen=True, kw_only=True, tag="started", tag_field="type"):
    """A worker has begun the trial; time limits count from here."""

    number: int


class Reported(Struct, frozen=True, tag="reported", tag_field="type"):
    """A trial reported metrics from inside."""

    report: Report


class Finished(Struct, frozen=True, kw_only=True, tag="finished", tag_field="type"):
    """A trial reached its end. `checkpoint` is the folder of the trained model, if there is one."""

    number: int
    metrics: dict[str, float]
    seconds: float
    checkpoint: str | None = None


class Stopped(Struct, frozen=True, kw_only=True, tag="stopped", tag_field="type"):
    """A trial ended because `TrialPool.stop` asked for it. `metrics` are the last that it reported."""

    number: int
    metrics: dict[str, float]
    seconds: float
    checkpoint: str | None = None


class Failed(Struct, frozen=True, kw_only=True, tag="failed", tag_field="type"):
    """A trial failed; `fault.passing` says whether it may work when it is run again."""

    number: int
    fault: Fault
    seconds: float


TrialMessage: TypeAlias = Started | Reported | Finished | Stopped | Failed


class TrialPool(Protocol):
    """Runs trials.

    Each submitted trial gives one `Started`, any number of `Reported`, then exactly one of `Finished`, `Stopped`
    and `Failed`. (A trial whose worker dies early may give `Failed` without `Started`.)

    A pool is used from one thread.
    """

    def submit(self, request: TrialRequest) -> None:
        """Start a trial; at most `parallel` may be unfinished."""
        ...

    def receive(self, timeout: float | None) -> TrialMessage | None:
        """Return the next message, or None when `timeout` seconds have passed (None waits for ever)."""
        ...

    def stop(self, number: int, *, keep_checkpoint: bool) -> None:
        """Ask a running trial to end; its last message comes within half a second, by force if need be.

        With `keep_checkpoint` a training is given `SAVE_SECONDS` to save its model.
        """
        ...


class TrialExecutor(Contribution, Protocol[OptionsT_contra]):
    """Opens pools."""

    def open(self, options: OptionsT_contra, request: ExecutorRequest) -> AbstractContextManager[TrialPool]:
        """Return a context manager of a pool; leaving it ends every process that the pool started."""
        ...


class TrialEndedEarly(Exception):  # noqa: N818 - ends a trial, but is no error
    """Raised inside a trial that was asked to end; `checkpoint` is the folder of the model kept, if any."""

    def __init__(self, checkpoint: str | None = None) -> None:
        super().__init__("the trial was asked to end")
        self.checkpoint = checkpoint


class FunctionTrial(Protocol):
    """What a tuned Python function is given besides its parameters."""

    @property
    def number(self) -> int:
        """Number of the trial."""
        ...

    @property
    def attempt(self) -> int:
        """1 for the first run."""
        ...

    @property
    def seed(self) -> int:
        """Seed of the trial."""
        ...

    @property
    def folder(self) -> str:
        """The trial's own folder."""
        ...

    def report(self, step: int, **metrics: float) -> None:
        """Report metrics from inside; ends the trial (by an exception) if it was asked to stop."""
        ...
