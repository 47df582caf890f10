"""Which backends can do what is asked, before anything is run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from persopt.domain.errors import Fault, InputError, ModelError, PersoptError, UnknownValueError
from persopt.domain.names import describe_choices
from persopt.domain.quantize_reports import BackendTried
from persopt.domain.quantize_specs import AUTO_BACKEND, QuantizeConfig
from persopt.models.description import read_config
from persopt.models.heads import explain_misfit
from persopt.models.onnx_export.kinds import writes_targets
from persopt.plugins.blocking import BLOCKED, UNBLOCK
from persopt.plugins.contracts.quantization import (
    OnnxBackend,
    OnnxGraphsBackend,
    QuantizationBackend,
    QuantizationRequest,
    Unsupported,
)
from persopt.plugins.guard import plugin_guard
from persopt.plugins.options import decode_options
from persopt.plugins.registry import Registry

__all__ = ("PACKAGES", "Candidate", "check_backend", "find_candidates")

PACKAGES: Final = {"onnxruntime": "persopt-onnxruntime", "openvino": "persopt-openvino"}
"""Distributions of the backends that persopt's own plugins bring."""

_OTHER: Final = "a backend that begins from the checkpoint, such as backend=torch"


class Candidate(Struct, frozen=True, kw_only=True):
    """A backend that can do what is asked, with its options."""

    backend: QuantizationBackend[Any]
    options: Any

    @property
    def name(self) -> str:
        """The backend's name."""
        return self.backend.name


def check_backend(config: QuantizeConfig, request: QuantizationRequest, registry: Registry) -> Iterator[Fault]:
    """Give the faults of the backend that a config names: unknown, not installed, options, what it cannot do."""
    path = "$.config.backend"
    if config.backend == AUTO_BACKEND:
        yield from _check_auto(config, request, registry)
        return
    if config.backend not in registry.quantization_backends:
        yield _explain_missing(config.backend, registry, path)
        return
    backend = registry.quantization_backend(config.backend, path)
    try:
        options = decode_options(backend, config.backend_options, "$.config.backendOptions")
        reason = _ask(backend, options, request, registry)
    except PersoptError as error:
        yield from error.faults
        return
    if reason is not None:
        yield Fault(
            path=path,
            message=f"{backend.name} cannot do this: {reason.reason}",
            hint=f"the nearest: {reason.instead}" if reason.instead else "",
            code="unsupported",
        )


def find_candidates(
    config: QuantizeConfig, request: QuantizationRequest, registry: Registry
) -> tuple[list[Candidate], list[BackendTried]]:
    """Return the backends that can do what is asked, and why the others cannot.

    Raises:
        InputError: if a backend is named that is not there, or its options are not accepted.
    """
    if config.backend != AUTO_BACKEND:
        backend = registry.quantization_backend(config.backend)
        options = decode_options(backend, config.backend_options, "$.config.backendOptions")
        return [Candidate(backend=backend, options=options)], []
    found: list[Candidate] = []
    others: list[BackendTried] = []
    for name, backend in registry.quantization_backends.items():
        options = backend.options()
        try:
            reason = _ask(backend, options, request, registry)
        except UnknownValueError:
            raise  # that is no backend's fault
        except PersoptError as error:
            others.append(BackendTried(backend=name, reason=str(error)))
            continue
        if reason is None:
            found.append(Candidate(backend=backend, options=options))
        else:
            others.append(BackendTried(backend=name, reason=_join(reason)))
    missing = [
        BackendTried(
            backend=name,
            reason=BLOCKED if registry.is_blocked(package) else f"is not installed: pip install {package}",
        )
        for name, package in PACKAGES.items()
        if name not in registry.quantization_backends
    ]
    return found, [*others, *missing]


def _check_auto(config: QuantizeConfig, request: QuantizationRequest, registry: Registry) -> Iterator[Fault]:
    if config.backend_options:
        message = f"are options of one backend, got {', '.join(sorted(config.backend_options))} for backend 'auto'"
        yield Fault(path="$.config.backendOptions", message=message, hint="name the backend that they are for")
    found, others = find_candidates(config, request, registry)
    if not found:
        reasons = "; ".join(f"{one.backend}: {one.reason}" for one in others)
        yield Fault(path="$.config.backend", message=f"no backend can do this: {reasons}", code="unsupported")


def _ask(
    backend: QuantizationBackend[Any], options: Any, request: QuantizationRequest, registry: Registry
) -> Unsupported | None:
    if isinstance(backend, OnnxBackend):
        with plugin_guard(registry, backend):
            forms = backend.onnx_forms if isinstance(backend, OnnxGraphsBackend) else ()
        reason = _explain_graphs(Path(request.model), several="encoder-decoder" in forms)
        if reason:
            return Unsupported(reason=reason, instead=_OTHER)
    with plugin_guard(registry, backend):
        answer = backend.supports(options, request)
    return answer if isinstance(answer, Unsupported) else None


def _explain_graphs(model: Path, *, several: bool) -> str:
    """Return why a backend that begins from ONNX cannot begin with a model, if that can be told; else nothing."""
    try:
        config = read_config(model)
    except ModelError:
        return ""  # what is wrong with the model is for others to say
    if explain_misfit(config, "translation"):
        return ""  # no encoder-decoder
    if not several:
        return "it begins from one ONNX file, and an encoder-decoder is written as several"
    name = str((config.get("architectures") or [""])[0])
    if name and not writes_targets(name):
        return f"it begins from ONNX, and {name} is an encoder-decoder without a language model's head"
    return ""


def _join(reason: Unsupported) -> str:
    return f"{reason.reason} (the nearest: {reason.instead})" if reason.instead else reason.reason


def _explain_missing(name: str, registry: Registry, path: str) -> Fault:
    if name in PACKAGES:
        broken = next((one for one in registry.records if one.faults and PACKAGES[name] in one.distribution), None)
        if broken is not None:
            message = f"the plugin of {name!r} could not be loaded: {broken.faults[0]}"
            return Fault(path=path, message=message, code="unknown", hint="see `persopt plugins`")
        if registry.is_blocked(PACKAGES[name]):
            return Fault(path=path, message=f"the plugin of {name!r} {BLOCKED}", code="unknown", hint=UNBLOCK)
        message = f"the backend {name!r} is not installed"
        return Fault(path=path, message=message, code="unknown", hint=f"pip install {PACKAGES[name]}")
    accepted = [AUTO_BACKEND, *registry.quantization_backends]
    try:
        registry.quantization_backend(name, path)
    except InputError as error:
        hint = error.faults[0].hint
        message = f"no quantization backend of that name, {describe_choices(name, accepted)}"
        return Fault(path=path, message=message, code="unknown", hint=hint)
    raise AssertionError(name)  # the caller has looked
