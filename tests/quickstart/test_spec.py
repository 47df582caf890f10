from __future__ import annotations

from pathlib import Path

import pytest

from persopt.domain.programs import TrainingProgram
from persopt.domain.space_building import build_space
from persopt.quickstart import make_quickstart_data, make_quickstart_model, quickstart_spec
from persopt.tuning.training import train_trial
from tests.support.tiny_models import RecordingTrial, make_request

pytestmark = pytest.mark.usefixtures("one_torch_thread")


def test_it_searches_a_space_that_the_trainer_takes() -> None:
    spec = quickstart_spec(Path("m"), Path("d"), seed=3, trials=6)

    assert {parameter.name for parameter in build_space(spec.config).parameters} == set(spec.config)
    assert (spec.strategy, spec.seed, spec.max_trials) == ("bayesian", 3, 6)


def test_a_trial_of_it_learns(tmp_path: Path) -> None:
    data = make_quickstart_data(tmp_path / "data", train_rows=1500, validation_rows=200, test_rows=10)
    model = make_quickstart_model(tmp_path / "model", (data / "train.jsonl").read_text("utf-8").splitlines())
    spec = quickstart_spec(model, data)
    program = TrainingProgram(
        model=str(model),
        dataset=str(data),
        task="text-classification",
        data=spec.data,
        training=spec.training,
        cache=str(tmp_path / "cache"),
    )

    outcome = train_trial(program, make_request(tmp_path, epochs=2, batchSize=16, dropout=0.0), RecordingTrial())

    assert outcome.metrics["accuracy"] > 0.25  # chance is 0.1
