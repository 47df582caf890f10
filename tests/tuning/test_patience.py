from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from persopt.domain.objectives import Objective
from persopt.tuning.training import train_trial
from tests.support.tiny_models import RecordingTrial, make_request, make_text_program
from tests.tuning.test_training import score_texts

pytestmark = pytest.mark.usefixtures("one_torch_thread")


def test_a_training_without_progress_ends_with_the_values_and_the_model_of_its_best_evaluation(tmp_path: Path) -> None:
    """The same training without patience tells what should become of it."""
    goal = Objective("loss", "minimize")
    program = make_text_program(tmp_path, evaluations=12)
    request = make_request(tmp_path, epochs=8, learningRate=0.05, lrSchedulerType="constant")
    whole = RecordingTrial()
    train_trial(program, request, whole)
    losses = [metrics["loss"] for _, metrics, _ in whole.reports if "loss" in metrics]
    best, in_vain, expected = 0, 0, len(losses)
    for turn in range(1, len(losses)):
        best, in_vain = (turn, 0) if losses[turn] < losses[best] else (best, in_vain + 1)
        if in_vain == 2:
            expected = turn + 1
            break
    assert expected < len(losses), "this training shows nothing: it always gets better"

    training = msgspec.structs.replace(program.training, patience=2)
    patient = RecordingTrial()
    program = msgspec.structs.replace(program, training=training, objective=goal)
    outcome = train_trial(program, request, patient)

    assert [metrics["loss"] for _, metrics, _ in patient.reports if "loss" in metrics] == losses[:expected]
    assert outcome.metrics["loss"] == losses[best]
    loss, accuracy = score_texts(outcome.checkpoint, Path(program.dataset) / "validation.jsonl")
    assert loss == pytest.approx(losses[best], rel=1e-5)
    assert outcome.metrics["accuracy"] == pytest.approx(accuracy)
