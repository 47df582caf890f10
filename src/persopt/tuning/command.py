"""Trials that run a program and read its output."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import sys
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Protocol

from persopt.domain.errors import PersoptError
from persopt.domain.programs import CommandProgram
from persopt.plugins.contracts.execution import TrialEndedEarly, TrialRequest
from persopt.plugins.contracts.parsing import Metric
from persopt.tuning.command_faults import describe_end, no_metric_fault
from persopt.tuning.command_log import CommandLog
from persopt.tuning.command_metrics import MetricCollector, ReportSender
from persopt.tuning.command_process import CommandProcess
from persopt.tuning.command_readers import OutputReader
from persopt.tuning.command_template import fill_command, own_values, trial_environment
from persopt.tuning.output_lines import LineSplitter

__all__ = ("CommandTrial", "run_command")

_LAST_LINES: Final = 3
_SHOWN_LINE: Final = 200


class CommandTrial(Protocol):
    """What a command's trial needs of its worker.

    Attributes:
        keep_checkpoint: Whether a stopped trial should keep its model.
        last_metrics: The metrics that a stopped trial ends with.
    """

    keep_checkpoint: bool
    last_metrics: dict[str, float]

    def should_stop(self) -> bool:
        """Return whether the trial was asked to end."""
        ...

    def on_stop(self, callback: Callable[[], None] | None) -> None:
        """Have `callback` called, from any thread, when the trial is asked to end; at once if it was. None: no more."""
        ...

    def send_report(self, step: int, metrics: dict[str, float], share: float | None = None) -> None:
        """Report metrics."""
        ...


def run_command(
    program: CommandProgram, request: TrialRequest, trial: CommandTrial, reader: OutputReader
) -> tuple[dict[str, float], str | None]:
    """Run the program to its end.

    Everything that it prints is in `log.txt` of the trial's folder. No process of it is left when this returns or
    raises, nor when the worker is killed.

    Returns:
        The metrics, and the folder of the model if the program put anything into its output folder.

    Raises:
        TrialEndedEarly: if the trial was asked to stop; the program was then ended.
        PersoptError: if the program failed, or no line had an objective, saying which metrics there were.
        PluginError: if a parser broke its contract.
        OSError: if the log cannot be written.
    """
    output = _fresh_output(Path(request.folder) / "checkpoint")
    values = request.params | own_values(request, str(output), sys.executable)
    arguments = fill_command(program.arguments, values)
    environment = {**os.environ, **trial_environment(request, str(output))}
    collector = MetricCollector(program.objectives, program.metric_strategy, program.constraints)
    reports = ReportSender(trial.send_report)
    last_lines: deque[str] = deque(maxlen=_LAST_LINES)

    def take(metrics: list[Metric]) -> None:
        for step, found in collector.take(metrics):
            reports.add(step, found)

    with (
        CommandLog(Path(request.folder) / "log.txt", program.log_limit) as log,
        CommandProcess(arguments, program.folder, environment) as process,
        _stopping(trial, process),
    ):
        log.write(f"[persopt] {shlex.join(arguments)}\n".encode("utf-8", "replace"))
        splitter = LineSplitter()
        for data in process.read():
            log.write(data)
            for line in splitter.feed(data):
                last_lines.append(line[:_SHOWN_LINE])
                take(reader.feed(line))
        for line in splitter.close():
            last_lines.append(line[:_SHOWN_LINE])
            take(reader.feed(line))
        take(reader.close())
        reports.flush()
    checkpoint = _find_model(output)
    if trial.should_stop():
        trial.last_metrics.update(collector.result())
        # A program that was ended by force may have left half a model.
        whole = trial.keep_checkpoint and process.outcome() == ("exit", "0")
        raise TrialEndedEarly(checkpoint if whole else None)
    fault = describe_end(*process.outcome(), reader.fault, list(last_lines))
    if fault is None and (missing := collector.missing()):
        fault = no_metric_fault(missing[0], collector.names, reader.fault, list(last_lines))
    if fault is not None:
        raise PersoptError(fault)
    return collector.result(), checkpoint


@contextlib.contextmanager
def _stopping(trial: CommandTrial, process: CommandProcess) -> Iterator[None]:
    """Have the program ended when the trial is asked to end."""
    trial.on_stop(process.stop)
    try:
        yield
    finally:
        trial.on_stop(None)


def _fresh_output(folder: Path) -> Path:
    """Make the output folder empty: an attempt that failed may have left half a model in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _find_model(output: Path) -> str | None:
    """Return the output folder if anything is in it; an empty one is taken away."""
    with contextlib.suppress(OSError):  # it is not empty, or the program took it away
        output.rmdir()
    return str(output) if output.is_dir() else None
