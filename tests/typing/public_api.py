"""What a type checker says of the public API: each line's comment is part of the type that mypy reveals.

Not run, only checked; see `test_public_api.py`.
"""

from __future__ import annotations

from typing import reveal_type

import persopt
from persopt.plugins import SamplingStrategy, TrialExecutor
from persopt.plugins.registry import Registry

report = persopt.tune("model", "data", config={"learningRate": {"min": 1e-5, "max": 1e-3}}, max_trials=3)
reveal_type(report)  # persopt.domain.reports.TuneReport
reveal_type(report.best)  # persopt.domain.trials.TrialRecord | None
reveal_type(report.best_params)  # dict[str, bool | int | float | str]
reveal_type(report.best_value)  # float
reveal_type(report.trials[0].state)  # Literal['running'
reveal_type(report.artifacts)  # dict[str, str]
pruned = persopt.prune("model", "output", sparsity=0.5)
reveal_type(pruned)  # persopt.domain.prune_reports.PruneReport
reveal_type(pruned.after.nonzero)  # int
quantized = persopt.quantize("model", "output", data="data", bits=8)
reveal_type(quantized)  # persopt.domain.quantize_reports.QuantizeReport
reveal_type(quantized.speed[0].speedup.low)  # float
compressed = persopt.compress("model", "data", "output", max_accuracy_drop=1.0, budget="30m")
reveal_type(compressed)  # persopt.domain.compress_reports.CompressReport
reveal_type(compressed.confirmation.drop.value)  # float
measured = persopt.measure_model("model", "data", against="other", batch_sizes=[1], threads=2)
reveal_type(measured)  # persopt.domain.measure_specs.MeasureReport
reveal_type(measured.comparisons[0].speedup.low)  # float
compared = persopt.compare(["model", "other"], "data", slice_by=["label"], threads=2)
reveal_type(compared)  # persopt.domain.compare_reports.CompareReport
reveal_type(compared.pairs[0].changes["accuracy"].adjusted_p)  # float
with persopt.load("model", threads=2) as model:
    reveal_type(model)  # persopt.models.loaded.LoadedModel
    reveal_type(model(["a text"]).labels)  # list[str]
    reveal_type(model(["a text"]).probabilities)  # ndarray[Any, Any]
    reveal_type(model.generate(["a text"]))  # list[str]
    reveal_type(model.tag([["a", "text"]]))  # list[list[str]]
    reveal_type(model.task)  # Literal['text-classification']
reveal_type(persopt.errors.InputError("no").faults)  # tuple[persopt.domain.errors.Fault, ...]
reveal_type(persopt.Objective("loss", "minimize").direction)  # Literal['maximize'] | Literal['minimize']


def look(registry: Registry) -> None:
    """Look a contribution up."""
    reveal_type(registry.sampling_strategy("random"))  # SamplingStrategy[Any]
    strategies: list[SamplingStrategy[persopt.TuneSpec]] = []
    executors: list[TrialExecutor[persopt.TuneSpec]] = []
    reveal_type(strategies)  # SamplingStrategy[persopt.domain.specs.TuneSpec]
    reveal_type(executors)  # TrialExecutor[persopt.domain.specs.TuneSpec]
