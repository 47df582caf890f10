from __future__ import annotations

import gc
import json
import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import (
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
    PreTrainedModel,
)

from persopt.domain.programs import TrainingProgram
from persopt.plugins import TrialEndedEarly
from persopt.tuning.tasks import final_metrics
from persopt.tuning.training import train_trial, warm_up
from tests.support.tiny_models import (
    TRAIN_ROWS,
    RecordingTrial,
    make_request,
    make_sentence_program,
    make_text_program,
)

pytestmark = pytest.mark.usefixtures("one_torch_thread")

STEPS = TRAIN_ROWS // 8  # of an epoch with the batch size of `make_request`


def test_the_saved_model_scores_what_was_reported(tmp_path: Path) -> None:
    program = make_text_program(tmp_path)
    request = make_request(tmp_path, epochs=6, learningRate=5e-3, labelSmoothingFactor=0.2)

    outcome = train_trial(program, request, RecordingTrial())

    assert outcome.checkpoint == f"{request.folder}/checkpoint"
    assert set(outcome.metrics) == set(final_metrics("text-classification"))
    loss, accuracy = score_texts(outcome.checkpoint, Path(program.dataset) / "validation.jsonl")
    assert outcome.metrics["accuracy"] == pytest.approx(accuracy)
    assert outcome.metrics["loss"] == pytest.approx(loss, rel=1e-5)  # smoothing is for training only
    assert accuracy > 0.6


def test_the_labels_are_in_the_saved_configuration(tmp_path: Path) -> None:
    outcome = train_trial(make_text_program(tmp_path), make_request(tmp_path), RecordingTrial())

    config = json.loads((Path(outcome.checkpoint) / "config.json").read_text("utf-8"))

    assert config["id2label"] == {"0": "animal", "1": "colour", "2": "number"}
    assert config["label2id"] == {"animal": 0, "colour": 1, "number": 2}


def test_words_are_judged_one_by_one(tmp_path: Path) -> None:
    program = make_sentence_program(tmp_path)

    outcome = train_trial(program, make_request(tmp_path, epochs=6, learningRate=5e-3), RecordingTrial())

    assert set(outcome.metrics) == set(final_metrics("token-classification"))
    accuracy = score_words(outcome.checkpoint, Path(program.dataset) / "validation.jsonl")
    assert outcome.metrics["accuracy"] == pytest.approx(accuracy)
    assert accuracy > 0.6


def test_pairs_are_trained_on(tmp_path: Path) -> None:
    outcome = train_trial(make_text_program(tmp_path, pairs=True), make_request(tmp_path), RecordingTrial())

    assert 0 < outcome.metrics["accuracy"] <= 1


def test_seed_and_parameters_decide_the_metrics_whatever_ran_before(tmp_path: Path) -> None:
    program = make_text_program(tmp_path)

    first = train_trial(program, make_request(tmp_path, seed=3, number=0), RecordingTrial())
    other = train_trial(program, make_request(tmp_path, seed=4, number=1), RecordingTrial())
    again = train_trial(program, make_request(tmp_path, seed=3, number=2), RecordingTrial())

    assert again.metrics == first.metrics
    assert other.metrics != first.metrics


def test_each_trial_starts_from_the_base_weights(tmp_path: Path) -> None:
    program = make_text_program(tmp_path)
    base = load_file(Path(program.model) / "model.safetensors")

    moved = train_trial(program, make_request(tmp_path, number=0, learningRate=0.05), RecordingTrial())
    still = train_trial(program, make_request(tmp_path, number=1, learningRate=1e-30), RecordingTrial())

    name = "embeddings.word_embeddings.weight"
    trained = [load_file(Path(outcome.checkpoint) / "model.safetensors") for outcome in (moved, still)]
    assert not torch.allclose(trained[0][f"bert.{name}"], base[name], atol=1e-3)
    assert torch.equal(trained[1][f"bert.{name}"], base[name])
    assert torch.equal(load_file(Path(program.model) / "model.safetensors")[name], base[name])


def test_nothing_of_a_trial_stays_in_memory(tmp_path: Path) -> None:
    earlier = {id(item): item for item in _find_models()}  # of other tests; held, so that no id is given again
    program = make_text_program(tmp_path)
    train_trial(program, make_request(tmp_path), RecordingTrial())

    assert not [item for item in _find_models() if id(item) not in earlier]


def _find_models() -> list[PreTrainedModel]:
    return [item for item in gc.get_objects() if issubclass(type(item), PreTrainedModel)]


def test_warm_up_maps_the_data_and_leaves_random_numbers_alone(tmp_path: Path) -> None:
    program = make_text_program(tmp_path)
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)

    warm_up(program)
    gc.unfreeze()

    assert torch.equal(torch.rand(1), expected)
    assert list((tmp_path / "cache").rglob("train.arrow"))


def test_reports_rise_and_end_with_the_last_evaluation(tmp_path: Path) -> None:
    trial = RecordingTrial()
    outcome = train_trial(make_text_program(tmp_path, evaluations=3), make_request(tmp_path, epochs=2), trial)

    steps = [step for step, _, _ in trial.reports]
    assert steps == sorted(set(steps))
    evaluated = [(step, metrics) for step, metrics, _ in trial.reports if "accuracy" in metrics]
    assert [step for step, _ in evaluated] == [4, 8, 12]
    assert evaluated[-1][1]["accuracy"] == outcome.metrics["accuracy"]
    assert all({"trainLoss", "learningRate"} <= set(metrics) for _, metrics, _ in trial.reports)
    assert [share for _, _, share in trial.reports] == [step / (2 * STEPS) for step in steps]


def test_more_evaluations_than_steps_evaluate_each_step(tmp_path: Path) -> None:
    trial = RecordingTrial()
    train_trial(make_text_program(tmp_path, evaluations=50, max_steps=3), make_request(tmp_path), trial)

    assert [step for step, metrics, _ in trial.reports if "loss" in metrics] == [1, 2, 3]


@pytest.mark.parametrize(("max_steps", "steps"), [(2, 2), (100, STEPS)])
def test_max_steps_cuts_a_training_and_never_stretches_it(tmp_path: Path, max_steps: int, steps: int) -> None:
    trial = RecordingTrial()
    train_trial(make_text_program(tmp_path, max_steps=max_steps), make_request(tmp_path), trial)

    assert trial.reports[-1][0] == steps
    assert trial.reports[-1][2] == 1.0


def test_a_stop_ends_the_training_within_a_step(tmp_path: Path) -> None:
    trial = RecordingTrial(stop_after=3)
    request = make_request(tmp_path)

    with pytest.raises(TrialEndedEarly) as ended:
        train_trial(make_text_program(tmp_path), request, trial)

    assert ended.value.checkpoint is None
    assert trial.looks == 3  # before the first step, after it, after the second
    assert [step for step, _, _ in trial.reports] == [1]
    assert list(Path(request.folder).iterdir()) == []


def test_what_was_stopped_while_it_loaded_does_not_begin(tmp_path: Path) -> None:
    trial = RecordingTrial(stop_after=1)

    with pytest.raises(TrialEndedEarly):
        train_trial(make_text_program(tmp_path), make_request(tmp_path), trial)

    assert trial.looks == 1
    assert trial.reports == []


def test_a_stop_is_seen_between_the_batches_of_a_step(tmp_path: Path) -> None:
    trial = RecordingTrial(stop_after=2)

    with pytest.raises(TrialEndedEarly):
        train_trial(make_text_program(tmp_path), make_request(tmp_path, gradientAccumulationSteps=6), trial)

    assert trial.reports == []


def test_a_stop_is_seen_in_an_evaluation(tmp_path: Path) -> None:
    trial = RecordingTrial(stop_after=STEPS + 3)

    with pytest.raises(TrialEndedEarly):
        train_trial(make_text_program(tmp_path), make_request(tmp_path), trial)

    assert not any("accuracy" in metrics for _, metrics, _ in trial.reports)


def test_a_stopped_trial_keeps_its_model_when_asked(tmp_path: Path) -> None:
    request = make_request(tmp_path)

    with pytest.raises(TrialEndedEarly) as ended:
        train_trial(make_text_program(tmp_path), request, RecordingTrial(stop_after=3, keep_checkpoint=True))

    assert ended.value.checkpoint == f"{request.folder}/checkpoint"
    AutoModelForSequenceClassification.from_pretrained(ended.value.checkpoint)


def test_a_second_attempt_replaces_the_model_of_a_killed_one(tmp_path: Path) -> None:
    request = make_request(tmp_path)
    (Path(request.folder) / "checkpoint").mkdir()
    (Path(request.folder) / "checkpoint" / "left-over").touch()

    outcome = train_trial(make_text_program(tmp_path, max_steps=1), request, RecordingTrial())

    names = {item.name for item in Path(outcome.checkpoint).iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= names
    assert "left-over" not in names


def test_only_the_checkpoint_is_left_in_the_folder(tmp_path: Path) -> None:
    request = make_request(tmp_path)
    train_trial(make_text_program(tmp_path), request, RecordingTrial())

    assert [item.name for item in Path(request.folder).iterdir()] == ["checkpoint"]


def test_lengths_above_what_the_model_takes_are_cut_to_it(tmp_path: Path) -> None:
    program = make_text_program(tmp_path)
    texts = "".join(json.dumps({"text": "گربه " * 90, "label": label}) + "\n" for label in ("a", "b"))
    for split in ("train", "validation"):
        (Path(program.dataset) / f"{split}.jsonl").write_text(texts, "utf-8")

    outcome = train_trial(program, make_request(tmp_path, maxLength=4096), RecordingTrial())

    assert math.isfinite(outcome.metrics["loss"])


def test_training_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    program: TrainingProgram = make_text_program(tmp_path)
    capfd.readouterr()

    train_trial(program, make_request(tmp_path), RecordingTrial())

    assert capfd.readouterr() == ("", "")


def score_texts(checkpoint: str, file: Path) -> tuple[float, float]:
    """Return mean cross-entropy and accuracy, text by text."""
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = AutoModelForSequenceClassification.from_pretrained(checkpoint).eval()
    losses, right = [], 0
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    for row in rows:
        with torch.no_grad():
            chances = model(**tokenizer(row["text"], return_tensors="pt")).logits[0].softmax(0).tolist()
        losses.append(-math.log(chances[model.config.label2id[row["label"]]]))
        right += model.config.id2label[chances.index(max(chances))] == row["label"]
    return sum(losses) / len(rows), right / len(rows)


def score_words(checkpoint: str, file: Path) -> float:
    """Return accuracy over the words of all sentences, each word judged at its first token."""
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = AutoModelForTokenClassification.from_pretrained(checkpoint).eval()
    verdicts: list[bool] = []
    for line in file.read_text("utf-8").splitlines():
        row = json.loads(line)
        encoded = tokenizer(row["words"], is_split_into_words=True, return_tensors="pt")
        with torch.no_grad():
            best = model(**encoded).logits[0].argmax(-1).tolist()
        places = encoded.word_ids()
        for word, kind in enumerate(row["kinds"]):
            verdicts.append(model.config.id2label[best[places.index(word)]] == kind)
    return sum(verdicts) / len(verdicts)
