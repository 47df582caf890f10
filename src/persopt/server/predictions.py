"""Trying models on a text for clients: one question after another, in a process of its own."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from persopt.comparison.job_models import find_job_model
from persopt.domain.errors import Fault, InputError, ModelError
from persopt.domain.predictions import ModelPrediction, PredictReport, PredictSpec
from persopt.predicting.messages import AskedModel
from persopt.predicting.process import PredictingProcess
from persopt.server.catalog import find_cached
from persopt.server.path_guard import PathGuard
from persopt.server.problems import ProblemError
from persopt.settings import Settings

__all__ = ("Predictions",)

_MOST_WAITING: Final = 8


class Predictions:
    """Finds the models that clients name, inside the roots only, and lets one process try them.

    Args:
        settings: Where models may lie, and what plugins are blocked.
        process: What tries them; by default one with the usual limits.
    """

    def __init__(self, settings: Settings, process: PredictingProcess | None = None) -> None:
        self._settings = settings
        self._guard = PathGuard(settings)
        self._process = process or PredictingProcess(settings.cache / "predictions.log", settings.block_plugins)
        self._thread = ThreadPoolExecutor(1, "persopt-predict")  # the questions stand in line here
        self._waiting = 0

    async def predict(self, spec: PredictSpec) -> PredictReport:
        """Return what each model says.

        Raises:
            InputError: with a fault for each model that lies outside the roots.
            ProblemError: with status 503 if too many others wait.
        """
        if self._waiting >= _MOST_WAITING:
            detail = f"{_MOST_WAITING} others wait for their predictions; try again in a moment"
            raise ProblemError(503, "busy", detail, {"Retry-After": "5"})
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._predict, spec)
        finally:
            self._waiting -= 1

    def interrupt(self) -> None:
        """End the process in the middle of a question, whose answer is then a fault; refuse all others."""
        self._waiting += _MOST_WAITING
        self._process.kill()

    def close(self) -> None:
        """End the process, also in the middle of a question."""
        self.interrupt()
        self._thread.shutdown(cancel_futures=True)
        self._process.close()

    def _predict(self, spec: PredictSpec) -> PredictReport:
        located = self._locate(spec.models)
        asked = [AskedModel(name=name, folder=str(place)) for name, place in located if isinstance(place, Path)]
        answers = iter(self._process.ask(asked, spec.text, spec.text_pair) if asked else ())
        return PredictReport(
            predictions=[
                next(answers) if isinstance(place, Path) else ModelPrediction(model=name, fault=place)
                for name, place in located
            ]
        )

    def _locate(self, names: list[str]) -> list[tuple[str, Path | Fault]]:
        """Return the folder of each model, or why there is none."""
        found: list[tuple[str, Path | Fault]] = []
        outside: list[Fault] = []
        for index, name in enumerate(names):
            path = f"$.models[{index}]"
            try:
                found.append((name, self._find(name, path)))
            except ModelError as error:
                found.append((name, error.faults[0]))
            except InputError as error:
                outside += error.faults
        if outside:
            raise InputError(outside)
        return found

    def _find(self, name: str, path: str) -> Path:
        located = Path(self._guard.check_input(name, path, "models"))
        if located.is_absolute() and located.is_dir():
            return located
        made = find_job_model(name, self._settings.jobs, path)
        if made is not None:
            return Path(self._guard.check_input(str(made), path, "models"))
        cached = find_cached(name, "models")
        if cached is None:
            raise ModelError(f"no model {name[:200]!r} is installed, and no job has that id", path=path)
        return cached
