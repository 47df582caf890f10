"""Trying models on a text in this process, which loads torch."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from persopt.comparison.job_models import find_job_model
from persopt.domain.predictions import ModelPrediction, PredictReport, PredictSpec
from persopt.kernel.faults import fault_from_exception
from persopt.models.loaded import LoadedModel
from persopt.models.location import locate_model
from persopt.models.runners import open_runner
from persopt.plugins.registry import Registry
from persopt.predicting.predict import predict
from persopt.settings import Settings

__all__ = ("predict_here",)


def predict_here(spec: PredictSpec, settings: Settings, registry: Registry) -> PredictReport:
    """Return what each model says; one that cannot answer has a fault, and the others answer all the same.

    Args:
        spec: The text, and the models: folders, names, ids of the hub, or of jobs whose results they are.
        settings: Where the workspace is.
        registry: The backends, which run artifacts.
    """
    return PredictReport(
        predictions=[
            _predict(name, f"$.models[{index}]", spec, settings, registry) for index, name in enumerate(spec.models)
        ]
    )


def _predict(name: str, path: str, spec: PredictSpec, settings: Settings, registry: Registry) -> ModelPrediction:
    try:
        made = None if Path(name).expanduser().is_dir() else find_job_model(name, settings.jobs, path)
        folder = made or locate_model(name, settings, path)
        with ExitStack() as stack:
            opened = stack.enter_context(open_runner(folder, registry))
            with LoadedModel(opened, stack.pop_all()) as model:
                return predict(name, model, spec.text, spec.text_pair)
    except Exception as error:  # noqa: BLE001 - whatever a model or its backend raises is told as its fault
        return ModelPrediction(model=name, fault=fault_from_exception(error))
