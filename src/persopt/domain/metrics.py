"""The seven figures over all jobs, as `GET /metrics` and `persopt metrics` give them."""

from __future__ import annotations

from msgspec import Struct

__all__ = ("Totals",)


class Totals(Struct, frozen=True, kw_only=True, rename="camel"):
    """Figures over every tuning job in the store.

    Attributes:
        total_optimizations: Tuning jobs, of any state.
        average_improvement: Mean over succeeded jobs of the best trial's gain over the job's first succeeded
            trial, in percent of the latter; 0 when there is none.
        best_model_accuracy: Highest accuracy of any succeeded trial, 0 to 1; 0 when there is none.
        total_training_time: Sum of the wall times of all ended trials, in hours.
        successful_trials: Trials that succeeded (or were stopped early by a rule, having values).
        failed_trials: Trials that failed.
        average_trial_time: Mean wall time of ended trials, in minutes.
    """

    total_optimizations: int = 0
    average_improvement: float = 0.0
    best_model_accuracy: float = 0.0
    total_training_time: float = 0.0
    successful_trials: int = 0
    failed_trials: int = 0
    average_trial_time: float = 0.0
