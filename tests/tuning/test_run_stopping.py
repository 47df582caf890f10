"""Early stopping of real trainings, from the spec to the report."""

from __future__ import annotations

from pathlib import Path

from persopt.domain.early_stopping import EarlyStopping
from persopt.domain.events import EventData, TrialStopped
from persopt.domain.objectives import Objective
from persopt.domain.programs import DataSpec, TrainingOptions
from persopt.domain.space import ParameterSpec
from persopt.domain.specs import TuneSpec
from persopt.kernel.builtin_modules import BUILTIN_MODULES
from persopt.plugins.discovery import load_modules
from persopt.settings import Settings
from persopt.tuning.checks import resolve_tuning
from persopt.tuning.journal import MemoryJournal, StudyHistory
from persopt.tuning.run import run_tuning
from tests.support.tiny_models import make_text_program


def test_a_stopped_training_keeps_its_model_and_the_best_one_is_delivered(tmp_path: Path) -> None:
    program = make_text_program(tmp_path)
    spec = TuneSpec(
        base_model_path=program.model,
        dataset_path=program.dataset,
        config={
            "learningRate": ParameterSpec(min=1e-9, max=1e-2, distribution="log_uniform"),
            "batchSize": 4,
            "epochs": 10,
        },
        enqueue=[{"learningRate": 5e-3}, {"learningRate": 1e-9}],
        max_trials=2,
        objectives=[Objective("loss", "minimize")],
        data=DataSpec(max_length=16),
        training=TrainingOptions(evaluations=4, device="cpu"),
        early_stopping=EarlyStopping(method="median", startup_trials=1),
    )
    registry, settings = load_modules(BUILTIN_MODULES, Settings()), Settings(home=str(tmp_path / "home"))
    folder = tmp_path / "run"
    folder.mkdir()
    events: list[EventData] = []
    journal = MemoryJournal(events.append)
    report = run_tuning(
        resolve_tuning(spec, settings, registry),
        settings=settings,
        registry=registry,
        folder=folder,
        journal=journal,
        history=StudyHistory(),
        environment={},
    )
    assert [trial.state for trial in report.trials] == ["succeeded", "stopped"]
    assert [trial.params["learningRate"] for trial in report.trials] == [5e-3, 1e-9]
    good, bad = report.trials
    assert (report.best, good.checkpoint) == (good, None)
    assert report.model_path is not None
    assert (Path(report.model_path) / "model.safetensors").is_file()
    assert bad.checkpoint == "trials/0001/checkpoint"
    assert (folder / bad.checkpoint / "model.safetensors").is_file()
    assert journal.trials[1].checkpoint == bad.checkpoint
    (told,) = [event for event in events if isinstance(event, TrialStopped)]
    assert told.reason.startswith("stopped by median at evaluation ")
