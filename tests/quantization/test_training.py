from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import AutoModelForSequenceClassification

from persopt.domain.errors import JobCancelledError, ModelError, PluginError
from persopt.domain.programs import TrainingProgram
from persopt.domain.quantize_specs import QuantizeConfig, QuantizeSpec, QuantizeTraining
from persopt.models.loading import load_for_task, load_tokenizer
from persopt.models.saving import save_model
from persopt.quantization.backends import Candidate
from persopt.quantization.fake_quantization import add_fake_quantization
from persopt.quantization.requests import make_request
from persopt.quantization.training import train_aware, trained_schemes
from persopt.ticker import Ticker
from persopt.training.saving import replace_model
from persopt.training.session import TrainingSession
from tests.support.quantizations import quantize_here
from tests.support.tiny_models import TRAIN_ROWS, make_text_program

pytestmark = pytest.mark.usefixtures("one_torch_thread")

LABELS = ["animal", "colour", "number"]
FOUR: Mapping[str, Any] = {"bits": 4, "group_size": 64}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> TrainingProgram:
    """Return the task of three classes, its model trained on it."""
    folder = tmp_path_factory.mktemp("task")
    made = make_text_program(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = load_for_task(made.model, "text-classification", LABELS)
    save_model(model, load_tokenizer(made.model), folder / "tuned")
    made = msgspec.structs.replace(made, model=str(folder / "tuned"))
    session = open_session(make_spec(made, {"learning_rate": 3e-3}), folder / "tuned", folder)
    network = session.load_model()
    session.train(network, 8)
    replace_model(network, folder / "tuned")
    return made


def make_spec(program: TrainingProgram, training: Mapping[str, Any], seed: int = 0, **config: Any) -> QuantizeSpec:
    return QuantizeSpec(
        model_path=program.model,
        dataset_path=program.dataset,
        task=program.task,
        data=program.data,
        batch_size=16,
        device="cpu",
        seed=seed,
        config=QuantizeConfig(method="qat", **config),
        training=QuantizeTraining(**{"learning_rate": 1e-3} | dict(training)),
    )


def open_session(spec: QuantizeSpec, model: Path, folder: Path) -> TrainingSession:
    return TrainingSession(spec, model, folder / "cache", folder / "scratch", lambda: None, lambda: False)


def train(
    folder: Path,
    program: TrainingProgram,
    training: Mapping[str, Any],
    *,
    seed: int = 0,
    backend: Any = None,
    is_cancelled: Callable[[], bool] = lambda: False,
    **config: Any,
) -> list[str]:
    spec = make_spec(program, training, seed, **config)
    candidate = None if backend is None else Candidate(backend=backend, options=backend.options())
    ticker = Ticker(lambda _: None, is_cancelled)
    return train_aware(Path(program.model), folder / "trained", spec, Path(program.cache), ticker, candidate=candidate)


def read(folder: Path) -> dict[str, Tensor]:
    return load_file(folder / "model.safetensors")


def quantized_loss(folder: Path, program: TrainingProgram, **config: Any) -> float:
    """Return the loss on the validation rows of the model with its weights rounded to the nearest."""
    spec = make_spec(program, {}, **config)
    session = open_session(spec, folder, folder.parent)
    model = session.load_model()
    add_fake_quantization(model, *trained_schemes(make_request(spec)))
    return session.judge(model)["loss"]


def test_the_quantized_model_gets_better_and_the_checkpoint_is_a_plain_one(
    tmp_path: Path, program: TrainingProgram
) -> None:
    source = Path(program.model)
    untouched = read(source)
    notes = train(tmp_path, program, {"epochs": 10, "learning_rate": 5e-3}, **FOUR)
    trained = tmp_path / "trained"
    assert quantized_loss(trained, program, **FOUR) < 0.8 * quantized_loss(source, program, **FOUR)
    assert notes == [f"The model was trained for {10 * TRAIN_ROWS // 16} steps of 16 rows with fake quantization."]
    assert {one.name for one in trained.iterdir()} == {one.name for one in source.iterdir()}
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []
    weights = read(trained)
    assert {name: (value.shape, value.dtype) for name, value in weights.items()} == {
        name: (value.shape, torch.float32) for name, value in untouched.items()
    }
    assert all(torch.equal(value, read(source)[name]) for name, value in untouched.items())
    model: Any = AutoModelForSequenceClassification.from_pretrained(trained)
    assert type(model.classifier) is nn.Linear
    assert list(model.config.id2label.values()) == LABELS


def test_a_seed_gives_the_same_weights_again_and_another_seed_others(tmp_path: Path, program: TrainingProgram) -> None:
    weights = []
    for number, seed in enumerate((1, 1, 2)):
        train(tmp_path / str(number), program, {"epochs": 0.5, "distill": True}, seed=seed, bits=8)
        weights.append(read(tmp_path / str(number) / "trained"))
    first, again, other = weights
    assert all(torch.equal(value, again[name]) for name, value in first.items())
    assert any(not torch.equal(value, other[name]) for name, value in first.items())


def test_what_is_kept_is_trained_as_it_is(tmp_path: Path, program: TrainingProgram) -> None:
    with pytest.raises(ModelError, match="nothing to train for") as raised:
        train(tmp_path, program, {"epochs": 0.5}, bits=8, keep=["*"])
    assert raised.value.faults[0].path == "$.config.keep"


def test_the_training_ends_when_time_is_over_and_says_so(tmp_path: Path, program: TrainingProgram) -> None:
    notes = train(tmp_path, program, {"epochs": 50, "time_limit": 1e-9}, bits=8)
    assert notes[-1] == "Time was over after 0 of 150 steps of the quantization-aware training."
    before = read(Path(program.model))
    assert all(torch.equal(value, before[name]) for name, value in read(tmp_path / "trained").items())


def test_a_cancel_is_heeded_before_the_next_batch(tmp_path: Path, program: TrainingProgram) -> None:
    looks = iter([False, False])
    with pytest.raises(JobCancelledError):
        train(tmp_path, program, {"epochs": 50}, bits=8, is_cancelled=lambda: next(looks, True))
    assert list(tmp_path.iterdir()) == []


class OwnTraining:
    """A backend with a training of its own, which does nothing but leave a trace; with `broken` it gives no model."""

    name = "own-training"
    title: Mapping[str, str] = {"en": "Own", "fa": "خود"}
    options = msgspec.defstruct("OwnOptions", [], frozen=True)

    def __init__(self, *, broken: bool = False) -> None:
        self._broken = broken
        self.asked: list[str] = []

    def prepare(self, _options: Any, request: Any, model: nn.Module) -> Any:
        self.asked += [request.method, *(name for name, one in model.named_modules() if "Fake" in type(one).__name__)]
        return 7 if self._broken else model

    def convert(self, _options: Any, _request: Any, model: Any) -> nn.Module:
        with torch.no_grad():
            model.classifier.bias.fill_(3.0)
        return model  # type: ignore[no-any-return]

    def supports(self, _options: Any, _request: Any) -> Any:
        raise NotImplementedError

    quantize = runner = supports


def test_a_backend_that_trains_in_its_own_way_is_asked_to(tmp_path: Path, program: TrainingProgram) -> None:
    backend = OwnTraining()
    notes = train(tmp_path, program, {"epochs": 0.5}, backend=backend, bits=8)
    assert backend.asked == ["qat"]  # and no layer had been given persopt's fake quantization
    assert notes[0] == "The training was done with own-training's own fake quantization."
    assert read(tmp_path / "trained")["classifier.bias"].tolist() == [3.0, 3.0, 3.0]
    with pytest.raises(PluginError, match="prepare gave int, expected a module"):
        train(tmp_path / "broken", program, {"epochs": 0.5}, backend=OwnTraining(broken=True), bits=8)


def test_a_whole_quantization_begins_from_the_trained_weights(tmp_path: Path, program: TrainingProgram) -> None:
    spec = {
        "dataset_path": program.dataset,
        "data": program.data,
        "device": "cpu",
        "calibration_rows": 32,
        "rank_layers": False,
        "training": QuantizeTraining(epochs=10, learning_rate=5e-3, distill=True, distill_weight=0.1),
    }
    before = read(Path(program.model))
    report = quantize_here(tmp_path, program.model, method="qat", spec=spec)
    assert any(
        note.endswith("with fake quantization, and learned from the original model too.") for note in report.notes
    )
    assert report.quality is not None
    assert report.quality.after["loss"].value < report.quality.before["loss"].value  # of the original, not trained on
    assert all(torch.equal(value, before[name]) for name, value in read(Path(program.model)).items())
    assert {one.name for one in tmp_path.iterdir()} == {"quantized", "home", "run"}
