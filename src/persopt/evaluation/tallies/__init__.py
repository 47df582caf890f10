"""What is kept of each row, task by task."""

from __future__ import annotations

from persopt.evaluation.tallies.base import TalliedRows, Tally, Writer
from persopt.evaluation.tallies.classification import ClassTally
from persopt.evaluation.tallies.language_modeling import TokenTally
from persopt.evaluation.tallies.sequence_to_sequence import TextTally
from persopt.models.heads import HEADS
from persopt.tuning.tasks import JudgeRequest

__all__ = ("TalliedRows", "Tally", "Writer", "open_tally")


def open_tally(request: JudgeRequest) -> Tally:
    """Begin to judge the rows of a task."""
    head = HEADS[request.program.task]
    if head.classifies:
        return ClassTally(len(request.labels))
    return TokenTally() if head.generates == "next" else TextTally(request)
