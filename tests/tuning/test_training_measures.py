"""What a training measures besides the metrics of its task, when it is asked to."""

from __future__ import annotations

from pathlib import Path

import pytest
from safetensors import safe_open

from persopt.tuning.defaults import MEASURED_METRICS
from persopt.tuning.tasks import final_metrics
from persopt.tuning.training import train_trial
from tests.support.tiny_models import RecordingTrial, make_request, make_text_program

pytestmark = pytest.mark.usefixtures("one_torch_thread")


def test_what_is_asked_for_is_measured_at_every_evaluation(tmp_path: Path) -> None:
    trial = RecordingTrial()
    program = make_text_program(tmp_path, evaluations=2, measure=list(MEASURED_METRICS))
    outcome = train_trial(program, make_request(tmp_path), trial)
    assert set(outcome.metrics) == {*final_metrics("text-classification"), *MEASURED_METRICS}
    checkpoint = Path(outcome.checkpoint)
    with safe_open(checkpoint / "model.safetensors", "np") as weights:
        assert outcome.metrics["parameters"] == sum(weights.get_tensor(name).size for name in weights.keys())  # noqa: SIM118 - no mapping
    assert outcome.metrics["size"] == sum(path.stat().st_size for path in checkpoint.iterdir())
    evaluated = [metrics for _, metrics, _ in trial.reports if "accuracy" in metrics]
    assert len(evaluated) == 2
    assert 0 < evaluated[0]["seconds"] < evaluated[1]["seconds"] == outcome.metrics["seconds"]
    assert all(metrics["latency"] > 0 and "size" not in metrics for metrics in evaluated)


def test_measuring_does_not_change_what_is_trained(tmp_path: Path) -> None:
    plain = train_trial(make_text_program(tmp_path / "a"), make_request(tmp_path, number=0), RecordingTrial())
    program = make_text_program(tmp_path / "b", measure=["latency"])
    measured = train_trial(program, make_request(tmp_path, number=1), RecordingTrial())
    assert {name: value for name, value in measured.metrics.items() if name != "latency"} == plain.metrics
