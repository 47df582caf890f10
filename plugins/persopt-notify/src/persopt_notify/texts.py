"""What is said of a job that has ended, in Persian or English."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from msgspec import Struct

from persopt.domain.errors import Fault
from persopt.domain.events import JobCancelled, JobFailed, JobSucceeded
from persopt.domain.jobs import JobKind, Progress
from persopt.domain.languages import Language

__all__ = ("EndedJob", "Message", "write_message")

_KINDS: Final[Mapping[Language, Mapping[JobKind, str]]] = {
    "fa": {
        "tune": "تنظیم",
        "prune": "هرس",
        "quantize": "کوانتش",
        "compare": "مقایسه",
        "compress": "فشرده‌سازی",
    },
    "en": {
        "tune": "Tuning",
        "prune": "Pruning",
        "quantize": "Quantization",
        "compare": "Comparison",
        "compress": "Compression",
    },
}
_WORDS: Final[Mapping[Language, Mapping[str, str]]] = {
    "fa": {
        "succeeded": "به پایان رسید",
        "failed": "ناکام ماند",
        "cancelled": "لغو شد",
        "best": "بهترین مقدار",
        "with": "با",
        "done": "{done} از {total} انجام شد",
        "lost": "{failed} ناموفق",
        "job": "کار",
    },
    "en": {
        "succeeded": "has succeeded",
        "failed": "has failed",
        "cancelled": "was cancelled",
        "best": "best value",
        "with": "with",
        "done": "{done} of {total} done",
        "lost": "{failed} failed",
        "job": "job",
    },
}
_DIGITS: Final = str.maketrans("0123456789.", "۰۱۲۳۴۵۶۷۸۹٫")
_SHOWN: Final = 6  # digits of a number
_SMALLEST: Final = 1e-9  # of what is written without an exponent
_LARGEST: Final = 1e9  # likewise


class EndedJob(Struct, frozen=True, kw_only=True):
    """A job that has ended, as its events tell."""

    id: str
    kind: JobKind
    name: str
    data: JobSucceeded | JobFailed | JobCancelled


class Message(Struct, frozen=True, kw_only=True):
    """A title and a text."""

    title: str
    body: str


def write_message(job: EndedJob, language: Language, link: str = "") -> Message:
    """Return what is said of a job: its kind, name and state, then its best value or its fault, then a link.

    Args:
        job: The job.
        language: Of the text; names and the words of faults stay as they are.
        link: Put before the job's id; none if empty.
    """
    words = _WORDS[language]
    called = f"«{job.name}»" if language == "fa" else f"“{job.name}”"
    state = _state(job)
    title = " ".join(filter(None, (_KINDS[language][job.kind], called if job.name else "", words[state])))
    lines = []
    if isinstance(job.data, JobFailed):
        lines.append(_tell_fault(job.data.fault))
    else:
        if isinstance(job.data, JobSucceeded) and job.data.best_values:
            lines.append(_tell_best(job.data, language))
        lines += _tell_progress(job.data.progress, language)
    lines.append(f"{words['job']} {job.id}" if not link else f"{link}{job.id}")
    return Message(title=title, body="\n".join(lines))


def _state(job: EndedJob) -> str:
    return {JobSucceeded: "succeeded", JobFailed: "failed", JobCancelled: "cancelled"}[type(job.data)]


def _tell_fault(fault: Fault) -> str:
    return str(fault)


def _tell_best(data: JobSucceeded, language: Language) -> str:
    words = _WORDS[language]
    values = ", ".join(_number(value, language) for value in data.best_values)
    params = ", ".join(
        f"{name}={_number(value, language) if type(value) in (int, float) else value}"
        for name, value in (data.best_params or {}).items()
    )
    return f"{words['best']}: {values}" + (f" {words['with']} {params}" if params else "")


def _tell_progress(progress: Progress, language: Language) -> list[str]:
    words = _WORDS[language]
    lines = [progress.message] if progress.message else []
    if progress.total is not None:
        counts = words["done"].format(done=progress.done, total=progress.total)
        if progress.failed:
            counts += f"، {words['lost']}" if language == "fa" else f", {words['lost']}"
            counts = counts.format(failed=progress.failed)
        lines.append(_digits(counts, language))
    return lines


def _number(value: object, language: Language) -> str:
    if not isinstance(value, float) or not math.isfinite(value):
        return _digits(str(value), language)
    text = f"{value:.{_SHOWN}g}"
    if _SMALLEST <= abs(value) < _LARGEST:
        text = f"{Decimal(text):f}"  # an exponent is torn apart between Persian words
    return _digits(text, language)


def _digits(text: str, language: Language) -> str:
    return text.translate(_DIGITS) if language == "fa" else text
