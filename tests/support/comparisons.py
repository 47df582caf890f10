"""Comparisons of tiny models in this process, and answers that nobody gave."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from persopt.comparison.checks import resolve_comparison
from persopt.comparison.run import run_comparison
from persopt.domain.compare_reports import CompareReport
from persopt.domain.compare_specs import CompareSpec
from persopt.domain.programs import TrainingProgram
from persopt.evaluation.rows import TaskRows
from persopt.evaluation.scores import RowScores
from persopt.evaluation.tallies.classification import ClassTally
from persopt.models.loading import load_for_task, load_processor
from persopt.models.saving import save_model
from persopt.plugins.discovery import load_modules
from persopt.settings import Settings, load_settings

__all__ = ("QUICK", "compare_here", "make_scores", "resolve_here", "save_variant")

QUICK: Final[dict[str, Any]] = {
    "memory": False,
    "seconds": 0.01,
    "batch_sizes": [2],
    "lengths": [4],
    "threads": 1,
}


def save_variant(program: TrainingProgram, folder: Path, seed: int, labels: Sequence[str] | None = None) -> Path:
    """Save a model with a head for the task of a program, its weights disturbed by chance."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = load_for_task(program.model, program.task, list(labels or TaskRows(program).labels))
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.mul_(1 + 0.5 * torch.randn(parameter.shape))
    return save_model(model, load_processor(program.model, program.task), folder)


def resolve_here(folder: Path, spec: CompareSpec, home: Path | None = None) -> tuple[CompareSpec, Settings]:
    """Resolve a comparison in a workspace, by default `folder / "home"`."""
    settings = load_settings({}, home=str(home or folder / "home"))
    return resolve_comparison(spec, settings, load_modules([], settings)), settings


def compare_here(
    folder: Path, models: Sequence[Path | str], *, modules: Sequence[str] = (), home: Path | None = None, **fields: Any
) -> CompareReport:
    """Resolve and run a comparison with the backends of some modules; the folder of the run is `folder / "run"`."""
    asked = CompareSpec(model_paths=[str(model) for model in models], **QUICK | fields)
    spec, settings = resolve_here(folder, asked, home)
    (folder / "run").mkdir(parents=True, exist_ok=True)
    return run_comparison(
        spec,
        settings=settings,
        registry=load_modules(modules, settings),
        folder=folder / "run",
        environment={"seed": spec.seed},
    )


def make_scores(labels: Any, answers: Any, *, resamples: int = 300, seed: int = 1, classes: int = 3) -> RowScores:
    """Return the scores of answers to rows of one class each."""
    import torch

    tally = ClassTally(classes)
    logits = torch.nn.functional.one_hot(torch.tensor(answers), classes).float() * 3
    tally.add(logits, {"labels": torch.tensor(labels)}, None)
    return RowScores("text-classification", tally, tally.compute(), seed=seed, resamples=resamples)
