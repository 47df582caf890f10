"""Causal language modelling trained for real; its perplexity against a loop over single tokens."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from persopt.tuning.tasks import final_metrics
from persopt.tuning.training import train_trial
from tests.support.tiny_models import RecordingTrial, make_request
from tests.support.tiny_tasks import make_language_program

pytestmark = pytest.mark.usefixtures("one_torch_thread")


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_perplexity_is_that_of_every_token_one_by_one(tmp_path: Path, kind: str) -> None:
    program = make_language_program(tmp_path, kind)
    request = make_request(tmp_path, epochs=4, learningRate=1e-2, batchSize=4)

    outcome = train_trial(program, request, RecordingTrial())

    assert set(outcome.metrics) == set(final_metrics("causal-language-modeling"))
    loss, tokens = score_tokens(outcome.checkpoint, Path(program.dataset) / "validation.txt", program.data.max_length)
    assert outcome.metrics["loss"] == pytest.approx(loss, rel=1e-5)
    assert outcome.metrics["perplexity"] == pytest.approx(math.exp(loss), rel=1e-5)
    lines = (Path(program.dataset) / "validation.txt").read_text("utf-8").splitlines()
    assert tokens == sum(len(line.split()) + 1 for line in lines)  # every word and every end, once
    assert outcome.metrics["perplexity"] < 7  # of 11 words; it learned


@pytest.mark.parametrize(("batch_size", "accumulation"), [(100, 1), (16, 100)])
def test_the_training_loss_is_the_mean_over_all_tokens_of_a_step(
    tmp_path: Path, batch_size: int, accumulation: int
) -> None:
    program = make_language_program(tmp_path)
    point: dict[str, Any] = {
        "batchSize": batch_size,
        "gradientAccumulationSteps": accumulation,
        "dropout": 0.0,
        "attentionDropout": 0.0,
    }

    outcome = train_trial(program, make_request(tmp_path, **point), RecordingTrial())  # one step of all blocks

    loss, _ = score_tokens(program.model, Path(program.dataset) / "train.txt", program.data.max_length)
    assert outcome.metrics["trainLoss"] == pytest.approx(loss, rel=1e-5)


def score_tokens(checkpoint: str, file: Path, size: int) -> tuple[float, int]:
    """Return the mean loss and number of tokens, each predicted from those before it in its block."""
    tokenizer: Any = AutoTokenizer.from_pretrained(checkpoint)
    loader: Any = AutoModelForCausalLM
    model = loader.from_pretrained(checkpoint).eval()
    stream = [tokenizer.eos_token_id]
    for line in file.read_text("utf-8").splitlines():
        stream += [*tokenizer(line, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]
    losses = []
    for place in range(1, len(stream)):
        start = (place - 1) // size * size
        with torch.no_grad():
            logits = model(torch.tensor([stream[start:place]])).logits[0, -1]
        losses.append(float(torch.nn.functional.cross_entropy(logits, torch.tensor(stream[place]))))
    return sum(losses) / len(losses), len(losses)
