"""What is said of jobs, in both languages."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import get_args

import pytest

import persopt_notify
from persopt.domain.errors import Fault
from persopt.domain.events import JobCancelled, JobFailed, JobSucceeded
from persopt.domain.jobs import JobKind, Progress
from persopt.domain.languages import LANGUAGES, Language
from persopt_notify.texts import EndedJob, write_message

DONE = JobSucceeded(
    progress=Progress(done=5, total=6, failed=1, message="all tried"),
    best_params={"learningRate": 3.25e-05, "batchSize": 16, "pooling": "mean", "bias": True},
    best_values=[0.9123456789],
)


def test_a_success_in_english() -> None:
    told = write_message(EndedJob(id="01a2", kind="tune", name="n", data=DONE), "en")
    assert told.title == "Tuning “n” has succeeded"
    assert told.body.splitlines() == [
        "best value: 0.912346 with learningRate=0.0000325, batchSize=16, pooling=mean, bias=True",
        "all tried",
        "5 of 6 done, 1 failed",
        "job 01a2",
    ]


def test_a_success_in_persian_has_persian_digits_but_for_the_id() -> None:
    told = write_message(EndedJob(id="01a2", kind="compress", name="", data=DONE), "fa", "https://s.example/")
    assert told.title == "فشرده‌سازی به پایان رسید"
    lines = told.body.splitlines()
    assert lines[0].startswith("بهترین مقدار: ۰٫۹۱۲۳۴۶ با learningRate=۰٫۰۰۰۰۳۲۵, batchSize=۱۶")
    assert lines[2] == "۵ از ۶ انجام شد، ۱ ناموفق"
    assert lines[3] == "https://s.example/01a2"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", get_args(JobKind))
def test_every_kind_and_ending_has_words(language: Language, kind: JobKind) -> None:
    fault = Fault(message="no luck", path="$.config", hint="try again")
    for data in (DONE, JobFailed(fault=fault), JobCancelled(progress=Progress())):
        told = write_message(EndedJob(id="1", kind=kind, name="n", data=data), language)
        assert told.title
        assert told.body.splitlines()[-1].endswith("1")
        assert ("config: no luck (try again)" in told.body) == isinstance(data, JobFailed)


def test_only_what_plugins_may_use_is_imported() -> None:
    for file in Path(persopt_notify.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                assert name.split(".")[0] != "persopt" or name.startswith(("persopt.domain", "persopt.plugins")), file
