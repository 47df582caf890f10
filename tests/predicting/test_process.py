"""The process that predicts: what it answers, how it ends, and what a question gets when it does."""

from __future__ import annotations

import fcntl
import struct
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

import persopt
from persopt.domain.predictions import ModelPrediction
from persopt.predicting.messages import AskedModel
from persopt.predicting.process import PredictingProcess
from tests.events.servers import stopped
from tests.support.comparisons import save_variant
from tests.support.tiny_models import make_sentence_program, make_text_program
from tests.support.tiny_tasks import make_image_model, make_language_model, make_writer


@contextmanager
def open_process(folder: Path, **limits: Any) -> Iterator[PredictingProcess]:
    process = PredictingProcess(folder / "log" / "predictions.log", **limits)
    try:
        yield process
    finally:
        process.close()


@pytest.fixture
def classifier(tmp_path: Path) -> Path:
    program = make_text_program(tmp_path / "made")
    return save_variant(program, tmp_path / "classifier", 1)


def asked(*folders: Path) -> list[AskedModel]:
    return [AskedModel(name=folder.name, folder=str(folder)) for folder in folders]


def test_each_kind_of_model_says_what_it_says_in_this_process_too(classifier: Path, tmp_path: Path) -> None:
    words = [f"w{number}" for number in range(10)]
    tagger = save_variant(make_sentence_program(tmp_path / "tags"), tmp_path / "tagger", 2)
    writer, decoder = make_writer(tmp_path / "writer", words), make_language_model(tmp_path / "decoder", words)
    with open_process(tmp_path) as process:
        found = process.ask(asked(classifier, tagger, writer, decoder), "گربه سرخ w1", None)
        pid = process.pid
        again = process.ask(asked(classifier), "گربه", None)
        assert process.pid == pid
    assert [answer.fault for answer in found] == [None] * 4
    first, second, third, fourth = found
    with persopt.load(classifier) as model:
        chances = model(["گربه سرخ w1"]).probabilities[0]
        assert first.task == "text-classification"
        assert {item.label: item.probability for item in first.labels} == pytest.approx(
            dict(zip(model.labels, chances.tolist(), strict=True)), abs=1e-5
        )
        assert again[0].labels[0].label == model(["گربه"]).labels[0]
    assert [item.probability for item in first.labels] == sorted((i.probability for i in first.labels), reverse=True)
    with persopt.load(tagger) as model:
        assert [item.label for item in second.tokens] == model.tag([["گربه", "سرخ", "w1"]])[0]
        assert [item.token for item in second.tokens] == ["گربه", "سرخ", "w1"]
    for answer, folder in ((third, writer), (fourth, decoder)):
        with persopt.load(folder) as model:
            assert answer.text == model.generate(["گربه سرخ w1"])[0]


def test_a_model_that_cannot_answer_says_why_and_the_others_answer(classifier: Path, tmp_path: Path) -> None:
    images = make_image_model(tmp_path / "images")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "config.json").write_text("{")
    with open_process(tmp_path) as process:
        found = process.ask(asked(images, tmp_path / "broken", tmp_path / "absent", classifier), "گربه", None)
        faults = [answer.fault for answer in found]
        assert [fault is None for fault in faults] == [False, False, False, True]
        assert faults[0] is not None
        assert "takes images" in faults[0].message
        (pair,) = process.ask(asked(classifier), "گربه", "سگ")
        assert (len(pair.labels), pair.fault) == (3, None)


def test_a_model_that_was_written_anew_is_opened_anew(classifier: Path, tmp_path: Path) -> None:
    other = save_variant(make_text_program(tmp_path / "other-data"), tmp_path / "other", 5)
    with open_process(tmp_path) as process:
        before = process.ask(asked(classifier), "گربه", None)
        wanted = process.ask(asked(other), "گربه", None)[0].labels
        (classifier / "model.safetensors").write_bytes((other / "model.safetensors").read_bytes())
        after = process.ask(asked(classifier), "گربه", None)
    assert before[0].labels != after[0].labels == wanted


def test_a_question_without_time_is_a_fault_and_ends_the_process(classifier: Path, tmp_path: Path) -> None:
    with open_process(tmp_path, limit_seconds=0.0) as process:
        (answer,) = process.ask(asked(classifier), "گربه", None)
        assert answer.fault is not None
        assert (answer.fault.code, process.pid) == ("timeout", None)


def test_a_process_that_is_killed_costs_one_question(classifier: Path, tmp_path: Path) -> None:
    with open_process(tmp_path) as process:
        process.ask(asked(classifier), "گربه", None)
        assert process.pid is not None
        answers: list[ModelPrediction] = []
        thread = threading.Thread(target=lambda: answers.extend(process.ask(asked(classifier), "سگ", None)))
        child = psutil.Process(process.pid)
        with stopped(child.pid):
            thread.start()
            while not waits_unread(process):
                pass
            child.kill()
            thread.join()
        assert answers[0].fault is not None
        assert "SIGKILL" in answers[0].fault.message
        assert process.ask(asked(classifier), "سگ", None)[0].fault is None


def waits_unread(process: PredictingProcess) -> bool:
    """Return whether something was sent that the other end has not read yet."""
    channel: Any = process._channel
    return bool(struct.unpack("i", fcntl.ioctl(channel, termios.TIOCOUTQ, b"\0" * 4))[0])


def test_an_idle_process_ends_and_another_takes_its_place(classifier: Path, tmp_path: Path) -> None:
    with open_process(tmp_path, idle_seconds=1.0) as process:
        process.ask(asked(classifier), "گربه", None)
        first = process._process
        assert first is not None
        assert first.wait(60) == 0
        assert process.pid is None
        assert process.ask(asked(classifier), "گربه", None)[0].fault is None
