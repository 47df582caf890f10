"""How much each parameter mattered: PED-ANOVA, as Optuna computes it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from persopt.domain.objectives import Objective
from persopt.domain.space import Space
from persopt.domain.trials import TrialRecord

__all__ = ("FEW_TRIALS", "LEAST_TRIALS", "Importances", "find_importances")

LEAST_TRIALS: Final = 5
"""Below this many trials with a value a share would be chance alone."""

FEW_TRIALS: Final = 50
"""From here on the best tenth holds five trials, which the method's authors advise."""


class Importances(Struct, frozen=True):
    """Answers by objective.

    Attributes:
        shares: For each objective the share of each parameter, the largest first, together 1; empty where there
            is no answer.
        notes: For an objective whose answer is missing or rough, why; the words of `TuneReport.importance_notes`.
    """

    shares: dict[str, dict[str, float]]
    notes: dict[str, str]


def find_importances(trials: Sequence[TrialRecord], objectives: Sequence[Objective], space: Space) -> Importances:
    """Return how much each parameter mattered to reach the best tenth of the succeeded trials.

    The method is PED-ANOVA (Watanabe et al., 2023, arXiv:2304.10255; for conditional parameters arXiv:2601.20800).
    Parameters that had one value in all trials have no share. Trials whose value is not finite are left out.
    """
    shares: dict[str, dict[str, float]] = {}
    notes: dict[str, str] = {}
    for index, objective in enumerate(objectives):
        used = [trial for trial in trials if trial.state == "succeeded" and math.isfinite(trial.values[index])]
        note = _obstacle(used, index)
        found = {} if note else _evaluate(used, objective, index, space)
        if not note and not found:
            note = "no-difference"
        elif not note and len(used) < FEW_TRIALS:
            note = "few-trials"
        shares[objective.metric] = found
        if note:
            notes[objective.metric] = note
    return Importances(shares, notes)


def _obstacle(used: Sequence[TrialRecord], index: int) -> str:
    if len(used) < LEAST_TRIALS:
        return "too-few-trials"
    if not _varying(used):
        return "nothing-varies"
    return "equal-values" if len({trial.values[index] for trial in used}) == 1 else ""


def _varying(trials: Sequence[TrialRecord]) -> list[str]:
    """Return the parameters that had several values, or were there in some trials only."""
    names = dict.fromkeys(name for trial in trials for name in trial.params)
    return [name for name in names if len({repr(trial.params.get(name)) for trial in trials}) > 1]


def _evaluate(used: Sequence[TrialRecord], objective: Objective, index: int, space: Space) -> dict[str, float]:
    import optuna

    from persopt.tuning.optuna_trials import PlainSpace, freeze_trial

    plain = PlainSpace(space)
    names = [name for name in _varying(used) if not plain.distributions[name].single()]
    if not names:
        return {}
    storage = optuna.storages.InMemoryStorage()
    direction = optuna.study.StudyDirection[objective.direction.upper()]
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        storage.create_new_study([direction], "persopt")
    finally:
        optuna.logging.set_verbosity(verbosity)
    study = optuna.Study("persopt", storage, sampler=optuna.samplers.RandomSampler())
    study.add_trials(freeze_trial(trial, plain, values=[trial.values[index]]) for trial in used)
    with warnings.catch_warnings():
        # It would say that nothing differs, and so do we, in a note.
        warnings.simplefilter("ignore")
        raw = optuna.importance.get_param_importances(study, params=names, normalize=False)
    total = sum(raw.values())
    if not (math.isfinite(total) and total > 0):
        return {}
    return {name: float(raw[name] / total) for name in sorted(raw, key=lambda name: -raw[name])}
