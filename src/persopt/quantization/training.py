"""Quantization-aware training: weights that quantize well, learned on the task's own data."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persopt.domain.errors import ModelError, PluginError
from persopt.domain.quantize_specs import QuantizeSpec
from persopt.models.side_files import copy_side_files
from persopt.plugins.contracts.quantization import QuantizationRequest, TrainableBackend
from persopt.plugins.guard import plugin_guard
from persopt.plugins.registry import Registry
from persopt.quantization.backends import Candidate
from persopt.quantization.requests import make_request
from persopt.ticker import Ticker

if TYPE_CHECKING:
    from persopt.quantization.schemes import Scheme
    from persopt.training.distillation import Distiller
    from persopt.training.session import TrainingSession

__all__ = ("train_aware", "trained_schemes")

_WHOLE_BITS = 8


def train_aware(
    model: Path,
    target: Path,
    spec: QuantizeSpec,
    cache: Path,
    ticker: Ticker,
    *,
    candidate: Candidate | None = None,
    registry: Registry | None = None,
) -> list[str]:
    """Train a checkpoint with fake quantization, save its float32 weights in a new folder, return notes.

    Fake quantization has the form of numbers that the spec asks for: of weights, and with 8 bits of activations.

    Args:
        model: The checkpoint in float32.
        target: The new folder, which is made; beside it a hidden folder is used meanwhile.
        spec: Resolved: with data set, task and columns.
        cache: Folder of tokenized data.
        ticker: Looked at before each batch; its message tells what is done.
        candidate: The backend, if it is known already: a `TrainableBackend` puts its own fake quantization in.
        registry: Knows whose the backend is.

    Raises:
        JobCancelledError: if the work is not wanted any more.
        ModelError: if the model has no layer that is quantized.
        TrainingError: if the loss is not finite, or memory ran out.
        PluginError: if the backend's own fake quantization fails.
    """
    from persopt.training.saving import replace_model
    from persopt.training.session import TrainingSession, count_steps

    deadline = None if spec.training.time_limit is None else time.monotonic() + spec.training.time_limit
    session = TrainingSession(
        spec,
        model,
        cache,
        target.with_name(f".{target.name}.training"),
        ticker.tick,
        lambda: deadline is not None and time.monotonic() >= deadline,
    )
    steps = count_steps(spec.training.epochs, session.data.train.num_rows, spec.batch_size)
    ticker.expect(steps)
    ticker.message = "training with fake quantization"
    network = session.load_model()
    distiller = _make_distiller(spec, session, network)
    layers = _Layers(make_request(spec, model=model, output=target), candidate, registry or Registry())
    network = layers.prepare(network)
    taken = session.train(network, steps, distiller=distiller)
    network = layers.convert(network)
    copy_side_files(model, target, keep_index=False)
    replace_model(network, target)
    return [*layers.notes, *_tell(taken, steps, spec)]


def trained_schemes(request: QuantizationRequest) -> tuple[Scheme, Scheme | None]:
    """Return the forms of weights and activations that a model is trained for, those that it is quantized in then.

    With fewer bits than 8 only weights are quantized.
    """
    from persopt.quantization.sensitivity import activation_scheme, weight_scheme

    return weight_scheme(request), activation_scheme(request) if request.bits >= _WHOLE_BITS else None


class _Layers:
    """Fake quantization of the backend, if it has its own, or of persopt."""

    def __init__(self, request: QuantizationRequest, candidate: Candidate | None, registry: Registry) -> None:
        self._request = request
        self._candidate = candidate if candidate and isinstance(candidate.backend, TrainableBackend) else None
        self._registry = registry
        self.notes: list[str] = []

    def prepare(self, model: Any) -> Any:
        if self._candidate is not None:
            self.notes.append(f"The training was done with {self._candidate.name}'s own fake quantization.")
            return self._ask("prepare", model)
        from persopt.quantization.fake_quantization import add_fake_quantization

        request = self._request
        if not add_fake_quantization(model, *trained_schemes(request), request.keep):
            message = f"{request.model} has no linear layer that would be quantized, so there is nothing to train for"
            raise ModelError(message, path="$.config.keep" if request.keep else "$.modelPath")
        return model

    def convert(self, model: Any) -> Any:
        if self._candidate is not None:
            return self._ask("convert", model)
        from persopt.quantization.fake_quantization import remove_fake_quantization

        remove_fake_quantization(model)
        return model

    def _ask(self, what: str, model: Any) -> Any:
        from torch import nn

        assert self._candidate is not None
        backend: Any = self._candidate.backend
        with plugin_guard(self._registry, backend):
            given = getattr(backend, what)(self._candidate.options, self._request, model)
        if not isinstance(given, nn.Module):
            reason = f"{what} gave {type(given).__name__}, expected a module"
            raise PluginError(backend.name, self._registry.distribution_of(backend), reason)
        return given


def _make_distiller(spec: QuantizeSpec, session: TrainingSession, student: Any) -> Distiller | None:
    """Return what tells the student what the model before it knew, or None if it is not asked."""
    if not spec.training.distill:
        return None
    from persopt.training.distillation import Distiller

    return Distiller(session.load_model(), student, spec.training)


def _tell(taken: int, steps: int, spec: QuantizeSpec) -> list[str]:
    teacher = ", and learned from the original model too" if spec.training.distill else ""
    notes = [f"The model was trained for {taken} steps of {spec.batch_size} rows with fake quantization{teacher}."]
    if taken < steps:
        notes.append(f"Time was over after {taken} of {steps} steps of the quantization-aware training.")
    return notes
