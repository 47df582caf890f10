"""The quickstart's jobs: the search, then pruning, quantization, compression to a target, and a comparison."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from persopt.domain.compare_specs import CompareSpec
from persopt.domain.compress_specs import CompressSpec
from persopt.domain.programs import DataSpec, TrainingOptions
from persopt.domain.prune_specs import PruneConfig, PruneSpec
from persopt.domain.prune_training import PruneTraining
from persopt.domain.quantize_specs import QuantizeConfig, QuantizeSpec
from persopt.domain.space import ParameterSpec
from persopt.domain.specs import TuneSpec

__all__ = (
    "quickstart_comparison",
    "quickstart_compression",
    "quickstart_pruning",
    "quickstart_quantization",
    "quickstart_spec",
)

_DATA: Final = DataSpec(text_columns=["text"], label_column="label", max_length=32)


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
        data=_DATA,
        training=TrainingOptions(evaluations=2, evaluation_batch_size=128),
    )


def quickstart_pruning(model: Path, data: Path, output: Path, *, seed: int = 0) -> PruneSpec:
    """Return a gradual pruning of half the weights of the quickstart's tuned model; about half a minute on two cores.

    Args:
        model: Folder of the tuned model.
        data: Folder made by `make_quickstart_data`.
        output: Folder for the pruned model.
        seed: Seed of the training.
    """
    return PruneSpec(
        name="quickstart-pruning",
        model_path=str(model),
        output_path=str(output),
        dataset_path=str(data),
        config=PruneConfig(method="magnitude", sparsity=0.5, gradual=True),
        seed=seed,
        task="text-classification",
        data=_DATA,
        batch_size=32,
        training=PruneTraining(pruning_epochs=0.5, recovery_epochs=0.5, learning_rate=5e-4, pruning_steps=5),
    )


def quickstart_quantization(model: Path, data: Path, output: Path, *, seed: int = 0) -> QuantizeSpec:
    """Return a static quantization to 8 bits by the fastest backend; about half a minute on two cores.

    Args:
        model: Folder of the model.
        data: Folder made by `make_quickstart_data`.
        output: Folder for the quantized model.
        seed: Seed of the rows chosen.
    """
    return QuantizeSpec(
        name="quickstart-quantization",
        model_path=str(model),
        output_path=str(output),
        dataset_path=str(data),
        config=QuantizeConfig(method="static"),
        seed=seed,
        task="text-classification",
        data=_DATA,
        calibration_rows=128,
        batch_size=32,
        batch_sizes=[1, 32],
        lengths=[16],
        measure_memory=False,
    )


def quickstart_compression(model: Path, data: Path, output: Path, *, backend: str, seed: int = 0) -> CompressSpec:
    """Return a search for the fastest model that loses at most two points; less than a minute on two cores.

    Six recipes of one backend: three quantizations, then three cut models, those worth it trained for one epoch.
    There is no limit of time: where a machine is too busy for it, the job would fail instead of taking longer.

    Args:
        model: Folder of the tuned model.
        data: Folder made by `make_quickstart_data`.
        output: Folder for the chosen model.
        backend: Quantization backend of all recipes; a machine has one that is fastest.
        seed: Seed of the sampling and the training.
    """
    return CompressSpec(
        name="quickstart-compression",
        model_path=str(model),
        output_path=str(output),
        dataset_path=str(data),
        task="text-classification",
        data=_DATA,
        max_accuracy_drop=2.0,
        max_candidates=6,
        techniques=["pruning", "quantization"],
        methods=["gradient"],
        backends=[backend],
        max_epochs=1,
        calibration_rows=128,
        batch_size=32,
        latency_length=16,
        seconds=0.5,
        measure_memory=False,
        seed=seed,
    )


def quickstart_comparison(models: Mapping[str, Path], data: Path, *, seed: int = 0) -> CompareSpec:
    """Return a comparison on the test rows, which chose nothing; some seconds on two cores.

    Args:
        models: Folders by what they are called, the baseline first.
        data: Folder made by `make_quickstart_data`. One of an earlier version has no test rows; its validation rows
            are used then.
        seed: Seed of the resampling.
    """
    return CompareSpec(
        name="quickstart-comparison",
        model_paths=[str(folder) for folder in models.values()],
        labels=list(models),
        dataset_path=str(data),
        task="text-classification",
        data=_DATA,
        split="test" if (data / "test.jsonl").is_file() else "validation",
        batch_sizes=[1, 32],
        lengths=[16],
        seconds=1.0,
        seed=seed,
        memory=False,
    )
