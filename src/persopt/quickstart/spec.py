"""The quickstart's search."""

from __future__ import annotations

from pathlib import Path

from persopt.domain.programs import DataSpec, TrainingOptions
from persopt.domain.space import ParameterSpec
from persopt.domain.specs import TuneSpec

__all__ = ("quickstart_spec",)


def quickstart_spec(model: Path, data: Path, *, seed: int = 0, trials: int = 8, output: Path | None = None) -> TuneSpec:
    """Return a search over the quickstart's model and data; two trials at a time, about a minute on two cores.

    Args:
        model: Folder made by `make_quickstart_model`.
        data: Folder made by `make_quickstart_data`.
        seed: Seed of the search and of the trainings.
        trials: How many points to try.
        output: Folder for the best model; by default it stays with the job.
    """
    return TuneSpec(
        name="quickstart",
        base_model_path=str(model),
        dataset_path=str(data),
        output_dir=None if output is None else str(output),
        config={
            "learningRate": ParameterSpec(min=4e-4, max=4e-3, distribution="log_uniform"),
            "batchSize": [16, 32, 64],
            "epochs": ParameterSpec(min=1, max=4),
            "warmupSteps": ParameterSpec(min=0, max=50),
            "weightDecay": ParameterSpec(min=0.0, max=0.1),
            "dropout": ParameterSpec(min=0.0, max=0.3),
        },
        strategy="bayesian",
        max_trials=trials,
        parallel=2,
        seed=seed,
        task="text-classification",
        data=DataSpec(text_columns=["text"], label_column="label", max_length=32),
        training=TrainingOptions(evaluations=2, evaluation_batch_size=128),
    )
