"""Metrics of made-up answers and of any choice of their rows, against scikit-learn's and sacrebleu's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from sacrebleu.metrics.bleu import BLEU
from sklearn import metrics as truth
from sklearn.exceptions import UndefinedMetricWarning

from persopt.evaluation.scores import RowScores, ScoreChange
from persopt.evaluation.tallies.classification import ClassTally
from persopt.measure.statistics import find_unseen_bound

CLASSES = 4


def _score(labels: Any, answers: Any, resamples: int = 300) -> RowScores:
    tally = ClassTally(CLASSES)
    logits = torch.nn.functional.one_hot(torch.tensor(answers), CLASSES).float() * 3
    tally.add(logits, {"labels": torch.tensor(labels)}, None)
    return RowScores("text-classification", tally, tally.compute(), seed=1, resamples=resamples)


@pytest.mark.filterwarnings(f"ignore::{UndefinedMetricWarning.__module__}.{UndefinedMetricWarning.__name__}")
def test_metrics_of_any_choice_of_rows_are_scikit_learns() -> None:
    chance = np.random.default_rng(0)
    labels, answers = chance.integers(0, 3, 30), chance.integers(1, 4, 30)  # a class each that the other lacks
    tally = ClassTally(CLASSES)
    logits = torch.nn.functional.one_hot(torch.tensor(answers), CLASSES).float()
    tally.add(logits, {"labels": torch.tensor(labels)}, None)
    sums = tally.compute().sums.toarray()
    for _ in range(20):
        drawn = chance.integers(0, 30, 12)
        found = tally.score(sums[drawn].sum(axis=0))
        pair = (labels[drawn], answers[drawn])
        macro = truth.precision_recall_fscore_support(*pair, average="macro", zero_division=0)
        assert [found[name] for name in ("precision", "recall", "f1")] == pytest.approx(macro[:3])
        assert found["f1Weighted"] == pytest.approx(truth.f1_score(*pair, average="weighted", zero_division=0))
        assert found["accuracy"] == pytest.approx(truth.accuracy_score(*pair))


def test_tokens_are_counted_by_sentence_and_unjudged_places_left_out() -> None:
    tally = ClassTally(CLASSES)
    labels = torch.tensor([[0, 1, -100], [-100, 2, 2]])
    answers = torch.tensor([[0, 2, 3], [0, 2, 1]])
    tally.add(torch.nn.functional.one_hot(answers, CLASSES).float(), {"labels": labels}, None)
    rows = tally.compute()
    assert rows.answers == [[0, 2], [2, 1]]
    assert rows.right is None
    assert rows.sums.toarray()[:, 1].tolist() == [2, 2]
    assert tally.score(rows.sums.toarray().sum(axis=0))["accuracy"] == 0.5


def test_mcnemar_decides_on_accuracy_and_counts_what_only_one_has_right() -> None:
    labels = np.zeros(100, dtype=int)
    first, second = labels.copy(), labels.copy()
    first[:12] = 1
    second[10:14] = 1
    change = ScoreChange(_score(labels, first), _score(labels, second))
    assert change.discordance() == (2, 10)
    assert change.p_values()["accuracy"] == pytest.approx(0.0386, abs=1e-4)  # 2 of 12 by the binomial test
    assert change.agreement() == 0.88
    assert change.estimate()["accuracy"].value == pytest.approx(0.08)


def test_answers_that_are_all_alike_leave_room_for_what_was_not_seen() -> None:
    labels = np.arange(60) % CLASSES
    change = ScoreChange(_score(labels, labels), _score(labels, labels)).estimate()["accuracy"]
    assert (change.low, change.value, change.high) == (-find_unseen_bound(60), 0, find_unseen_bound(60))
    perfect = _score(labels, labels).estimate()["accuracy"]
    assert (perfect.low, perfect.value, perfect.high) == (1 - find_unseen_bound(60), 1, 1)
    wrong = _score(labels, (labels + 1) % CLASSES).estimate()["accuracy"]
    assert (wrong.low, wrong.value, wrong.high) == (0, 0, find_unseen_bound(60))


def test_the_interval_of_the_accuracy_holds_the_true_one_as_often_as_it_says() -> None:
    chance, held = np.random.default_rng(3), 0
    for _ in range(60):
        labels = np.zeros(120, dtype=int)
        found = _score(labels, (chance.random(120) > 0.8).astype(int), resamples=200).estimate(0.9)["accuracy"]
        held += found.low <= 0.8 <= found.high
    assert held >= 0.8 * 60


def test_scores_of_texts_are_sacrebleus_of_the_same_texts(tmp_path: Any) -> None:
    from persopt.evaluation.rows import TaskRows
    from persopt.evaluation.tallies.sequence_to_sequence import TextTally
    from tests.support.tiny_tasks import make_pair_program

    rows = TaskRows(make_pair_program(tmp_path))
    tally = TextTally(rows.request)
    references = ["the cat sat on the red mat", "a dog ran away from here", "one two three four five"]
    written = ["the cat sat on the mat today", "a dog ran off", "one two three four five"]
    tally._references, tally._written = references, written
    tally._losses.append(np.ones((3, 2)))
    sums = tally.compute().sums
    for drawn in ([0, 1, 2], [0, 0, 1], [2, 1, 1]):
        theirs = BLEU(tokenize="intl").corpus_score(
            [written[row] for row in drawn], [[references[row] for row in drawn]]
        )
        assert tally.score(sums[drawn].sum(axis=0))["bleu"] == pytest.approx(theirs.score)
