"""What is sampled reaches the model and the optimizer: looked up in the living trainer."""

from __future__ import annotations

import gc
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from persopt.domain.programs import TrainingProgram
from persopt.tuning.training import train_trial
from persopt.tuning.trial_trainer import TrialTrainer
from tests.support.tiny_models import RecordingTrial, make_request, make_text_program

pytestmark = pytest.mark.usefixtures("one_torch_thread")


class LookingTrial(RecordingTrial):
    """Looks into the trainer after its first step."""

    def __init__(self, look: Callable[[TrialTrainer], Any]) -> None:
        super().__init__()
        self._look = look
        self.seen: list[Any] = []

    def should_stop(self) -> bool:
        """Look once, then let the training go on."""
        if not self.seen:
            (trainer,) = (item for item in gc.get_objects() if issubclass(type(item), TrialTrainer))
            self.seen.append(self._look(trainer))
        return False


def groups_of(trainer: TrialTrainer) -> list[dict[str, Any]]:
    assert trainer.optimizer is not None
    return trainer.optimizer.param_groups


def look_into_training(folder: Path, look: Callable[[TrialTrainer], Any], **params: Any) -> Any:
    trial = LookingTrial(look)
    train_trial(make_text_program(folder, max_steps=1), make_request(folder, **params), trial)
    return trial.seen[0]


def test_weight_decay_reaches_the_matrices_and_spares_norms_and_biases(tmp_path: Path) -> None:
    def find_decays(trainer: TrialTrainer) -> dict[str, float]:
        decays = {id(p): group["weight_decay"] for group in groups_of(trainer) for p in group["params"]}
        return {name: decays[id(parameter)] for name, parameter in trainer.network.named_parameters()}

    decays = look_into_training(tmp_path, find_decays, weightDecay=0.037)

    assert decays["classifier.weight"] == 0.037
    assert decays["bert.encoder.layer.0.attention.self.query.weight"] == 0.037
    assert decays["classifier.bias"] == 0
    assert decays["bert.embeddings.LayerNorm.weight"] == 0


def test_adam_settings_and_learning_rate_reach_the_optimizer(tmp_path: Path) -> None:
    def find_settings(trainer: TrialTrainer) -> list[tuple[Any, ...]]:
        return [(group["betas"], group["eps"], group["initial_lr"]) for group in groups_of(trainer)]

    given = {"adamBeta1": 0.81, "adamBeta2": 0.93, "adamEpsilon": 1e-5, "learningRate": 3e-4}

    assert set(look_into_training(tmp_path, find_settings, **given)) == {((0.81, 0.93), 1e-5, 3e-4)}


def test_dropouts_reach_their_modules(tmp_path: Path) -> None:
    def find_dropouts(trainer: TrialTrainer) -> dict[str, float]:
        modules = dict(trainer.network.named_modules())
        return {name: module.p for name, module in modules.items() if isinstance(module, nn.Dropout)}

    given = {"dropout": 0.23, "attentionDropout": 0.11, "classifierDropout": 0.42}
    dropouts = look_into_training(tmp_path, find_dropouts, **given)

    assert dropouts.pop("dropout") == 0.42  # of the head
    assert dropouts.pop("bert.encoder.layer.0.attention.self.dropout") == 0.11
    assert dropouts
    assert set(dropouts.values()) == {0.23}


def test_warmup_raises_the_rate_step_by_step(tmp_path: Path) -> None:
    trial = RecordingTrial()
    program = make_text_program(tmp_path, evaluations=4, max_steps=4)
    train_trial(program, make_request(tmp_path, warmupSteps=4, learningRate=0.04), trial)

    assert [metrics["learningRate"] for _, metrics, _ in trial.reports] == pytest.approx([0, 0.01, 0.02, 0.03])


def test_max_length_cuts_the_texts(tmp_path: Path) -> None:
    def find_lengths(trainer: TrialTrainer) -> list[int]:
        return [batch["input_ids"].shape[1] for batch in trainer.get_eval_dataloader()]

    assert max(look_into_training(tmp_path / "long", find_lengths)) > 4
    assert max(look_into_training(tmp_path / "short", find_lengths, maxLength=4)) == 4


def test_batches_are_alike_in_length_and_change_with_the_epoch(tmp_path: Path) -> None:
    def find_epochs(trainer: TrialTrainer) -> list[list[list[int]]]:
        loader, epochs = trainer.get_train_dataloader(), []
        for epoch in (0, 1):
            loader.set_epoch(epoch)  # type: ignore[attr-defined]  # as the Trainer does
            epochs.append([batch["attention_mask"].sum(1).tolist() for batch in loader])
        return epochs

    first, second = look_into_training(tmp_path, find_epochs)

    assert first != second
    lengths = sorted(itertools.chain(*first))
    assert lengths == sorted(itertools.chain(*second))
    assert max(max(batch) - min(batch) for batch in first) < lengths[-1] - lengths[0]


def test_accumulated_batches_make_the_step_of_one_large_batch(tmp_path: Path) -> None:
    """One step of plain gradient descent over all rows, by hand, against both."""
    program = make_text_program(tmp_path)
    common: dict[str, Any] = {
        "optim": "sgd",
        "learningRate": 0.5,
        "dropout": 0.0,
        "attentionDropout": 0.0,
        "maxGradNorm": 0.0,
    }

    whole = train_trial(program, make_request(tmp_path, number=0, batchSize=48, **common), RecordingTrial())
    split: dict[str, Any] = {"batchSize": 8, "gradientAccumulationSteps": 6}
    parts = train_trial(program, make_request(tmp_path, number=1, **split, **common), RecordingTrial())

    name = "bert.embeddings.word_embeddings.weight"
    weights = [load_file(Path(outcome.checkpoint) / "model.safetensors")[name] for outcome in (whole, parts)]
    base = load_file(Path(program.model) / "model.safetensors")[name.removeprefix("bert.")]
    assert not torch.allclose(weights[0], base, atol=1e-4)
    assert torch.allclose(weights[0], weights[1], atol=1e-6)
    assert whole.metrics["trainLoss"] == pytest.approx(parts.metrics["trainLoss"], rel=1e-5)


def test_the_first_training_loss_is_the_models_own(tmp_path: Path) -> None:
    trial = RecordingTrial()
    program = make_text_program(tmp_path)
    given: dict[str, Any] = {"dropout": 0.0, "attentionDropout": 0.0, "learningRate": 1e-30, "batchSize": 48}
    outcome = train_trial(program, make_request(tmp_path, **given), trial)

    assert outcome.metrics["trainLoss"] == pytest.approx(mean_loss(program, outcome.checkpoint), rel=1e-5)


def mean_loss(program: TrainingProgram, checkpoint: str) -> float:
    from datasets import load_dataset

    rows = load_dataset("json", data_files=f"{program.dataset}/train.jsonl", split="train")
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint).eval()
    with torch.no_grad():
        logits = model(**tokenizer(rows["text"][:], padding=True, return_tensors="pt")).logits
    labels = torch.tensor([model.config.label2id[label] for label in rows["label"][:]])
    return float(functional.cross_entropy(logits, labels))
