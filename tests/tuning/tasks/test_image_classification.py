"""Image classification trained for real; its accuracy against predictions made image by image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from sklearn.metrics import accuracy_score, f1_score
from transformers import AutoImageProcessor, AutoModelForImageClassification

from persopt.tuning.tasks import final_metrics
from persopt.tuning.training import train_trial
from tests.support.tiny_models import RecordingTrial, make_request
from tests.support.tiny_tasks import make_image_program

pytestmark = pytest.mark.usefixtures("one_torch_thread")


def test_the_saved_model_scores_what_was_reported(tmp_path: Path) -> None:
    program = make_image_program(tmp_path)

    outcome = train_trial(program, make_request(tmp_path, epochs=6, learningRate=5e-3), RecordingTrial())

    assert set(outcome.metrics) == set(final_metrics("image-classification"))
    true, predicted, loss = look(outcome.checkpoint, Path(program.dataset) / "validation")
    assert outcome.metrics["accuracy"] == pytest.approx(accuracy_score(true, predicted))
    assert outcome.metrics["f1"] == pytest.approx(f1_score(true, predicted, average="macro"))
    assert outcome.metrics["loss"] == pytest.approx(loss, rel=1e-4)
    assert outcome.metrics["accuracy"] > 0.6


def look(checkpoint: str, folder: Path) -> tuple[list[str], list[str], float]:
    """Return the true and predicted class of each image, and the mean cross-entropy."""
    loader: Any = AutoImageProcessor
    processor = loader.from_pretrained(checkpoint, backend="pil")
    model: Any = AutoModelForImageClassification.from_pretrained(checkpoint).eval()
    true, predicted, losses = [], [], []
    for file in sorted(folder.rglob("*.png")):
        with Image.open(file) as image, torch.no_grad():
            logits = model(**processor(images=image, return_tensors="pt")).logits[0]
        true.append(file.parent.name)
        predicted.append(model.config.id2label[int(logits.argmax())])
        losses.append(float(-logits.log_softmax(0)[model.config.label2id[file.parent.name]]))
    return true, predicted, sum(losses) / len(losses)
