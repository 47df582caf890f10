"""Translation and summarization trained for real; what was reported against the saved model's own writing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sacrebleu
import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from persopt.domain.programs import DataSpec
from persopt.tuning.tasks import final_metrics
from persopt.tuning.training import train_trial
from tests.support.tiny_models import RecordingTrial, make_request
from tests.support.tiny_tasks import make_pair_program
from tests.tuning.test_text_scores import rouge_l

pytestmark = pytest.mark.usefixtures("one_torch_thread")


@pytest.mark.parametrize(("kind", "beams"), [("t5", 1), ("marian", 3)])
def test_translations_are_judged_by_what_the_saved_model_writes(tmp_path: Path, kind: str, beams: int) -> None:
    program = make_pair_program(tmp_path, "translation", kind, num_beams=beams)
    request = make_request(tmp_path, epochs=10, learningRate=1e-2, dropout=0.0)

    outcome = train_trial(program, request, RecordingTrial())

    assert set(outcome.metrics) == set(final_metrics("translation"))
    written, references, loss = write(outcome.checkpoint, Path(program.dataset) / "validation.jsonl", beams)
    expected = sacrebleu.corpus_bleu(written, [references], tokenize="intl").score
    assert outcome.metrics["bleu"] == pytest.approx(expected)
    assert outcome.metrics["chrf"] == pytest.approx(sacrebleu.corpus_chrf(written, [references]).score)
    assert outcome.metrics["loss"] == pytest.approx(loss, rel=1e-5)
    assert outcome.metrics["bleu"] > 5  # it learned


def test_summaries_are_judged_by_rouge_and_read_after_their_prefix(tmp_path: Path) -> None:
    data = DataSpec(text_columns=["fa"], label_column="en", max_length=16, source_prefix="to: ")
    program = make_pair_program(tmp_path, "summarization", data=data)
    request = make_request(tmp_path, epochs=8, learningRate=1e-2, dropout=0.0)

    outcome = train_trial(program, request, RecordingTrial())

    written, references, loss = write(outcome.checkpoint, Path(program.dataset) / "validation.jsonl", 1, "to: ")
    expected = [rouge_l(text, reference) for text, reference in zip(written, references, strict=True)]
    assert outcome.metrics["rougeL"] == pytest.approx(sum(expected) / len(expected))
    assert outcome.metrics["loss"] == pytest.approx(loss, rel=1e-5)
    assert outcome.metrics["rougeL"] > 0.1


def test_a_model_of_many_languages_is_told_which_it_writes(tmp_path: Path) -> None:
    languages = {"source_language": "fa_IR", "target_language": "en_XX"}
    data = DataSpec(text_columns=["fa"], label_column="en", max_length=16, **languages)  # type: ignore[arg-type]
    program = make_pair_program(tmp_path, kind="mbart", data=data, max_new_tokens=100)
    request = make_request(tmp_path, epochs=10, learningRate=1e-2, dropout=0.0)

    outcome = train_trial(program, request, RecordingTrial())

    assert outcome.metrics["bleu"] > 5
    tokenizer: Any = AutoTokenizer.from_pretrained(outcome.checkpoint)
    settings = json.loads((Path(outcome.checkpoint) / "generation_config.json").read_text("utf-8"))
    assert settings["forced_bos_token_id"] == tokenizer.convert_tokens_to_ids("en_XX")


def write(checkpoint: str, file: Path, beams: int, prefix: str = "") -> tuple[list[str], list[str], float]:
    """Return what the model writes, row by row, the references, and the mean loss of a target's token."""
    tokenizer: Any = AutoTokenizer.from_pretrained(checkpoint)
    model: Any = AutoModelForSeq2SeqLM.from_pretrained(checkpoint).eval()
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    written, losses, tokens = [], 0.0, 0
    for row in rows:
        inputs = tokenizer(prefix + row["fa"], return_tensors="pt")["input_ids"]
        labels = tokenizer(row["en"], return_tensors="pt")["input_ids"]
        with torch.no_grad():
            ids = model.generate(inputs, num_beams=beams, max_new_tokens=8, do_sample=False)
            losses += float(model(input_ids=inputs, labels=labels).loss) * labels.shape[1]
        tokens += labels.shape[1]
        written.append(tokenizer.decode(ids[0], skip_special_tokens=True))
    return written, [row["en"] for row in rows], losses / tokens
