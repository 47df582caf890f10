"""Which pruning methods and quantization backends take part: all that are installed and say that they can."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct

from persopt.domain.compress_specs import CompressSpec
from persopt.domain.errors import PersoptError, UnknownValueError
from persopt.domain.quantize_specs import QuantizeConfig, QuantizeSpec
from persopt.domain.recipes import QuantizeStep, RecipeBits, RecipeMethod
from persopt.plugins.registry import Registry
from persopt.quantization.backends import check_backend
from persopt.quantization.requests import make_request

__all__ = ("Installed", "find_installed")

_BASELINE: Final = "random"
"""A method to compare others with; it takes part only where it is named."""

_ONE_GO: Final = frozenset({"gradients", "activations"})
_FORMS: Final[tuple[tuple[RecipeMethod, RecipeBits, bool], ...]] = (
    ("static", 8, True),
    ("dynamic", 8, True),
    ("weight-only", 8, True),
    ("weight-only", 4, True),
    ("static", 8, False),
    ("dynamic", 8, False),
    ("weight-only", 4, False),
    ("dynamic", 16, True),
    ("dynamic", 32, True),
)


class Installed(Struct, frozen=True, kw_only=True):
    """What recipes can be made of.

    Attributes:
        methods: Names of pruning methods.
        steps: Quantizations by a name such as `onnxruntime/static/8/symmetric`.
        left_out: What does not take part, with the reason.
    """

    methods: list[str]
    steps: dict[str, QuantizeStep]
    left_out: dict[str, str]


def find_installed(spec: CompressSpec, registry: Registry) -> Installed:
    """Return the methods that cut in one go and the quantizations that a backend says it supports.

    Raises:
        InputError: if one is named that is not installed.
    """
    left_out: dict[str, str] = {}
    methods = list(_find_methods(spec, registry, left_out)) if "pruning" in spec.techniques else []
    steps = dict(_find_steps(spec, registry, left_out)) if "quantization" in spec.techniques else {}
    return Installed(methods=methods, steps=steps, left_out=left_out)


def _find_methods(spec: CompressSpec, registry: Registry, left_out: dict[str, str]) -> Iterator[str]:
    for name in spec.methods:
        registry.pruning_method(name, "$.methods")
    for name, method in registry.pruning_methods.items():
        if spec.methods and name not in spec.methods:
            continue
        trained = method.traits.needs - _ONE_GO
        if trained:
            left_out[name] = f"it gathers {', '.join(sorted(trained))} in a training of its own"
        elif name == _BASELINE and not spec.methods:
            left_out[name] = "it is there to compare others with; name it in `methods` to have it take part"
        else:
            yield name


def _find_steps(spec: CompressSpec, registry: Registry, left_out: dict[str, str]) -> Iterator[tuple[str, QuantizeStep]]:
    for name in spec.backends:
        registry.quantization_backend(name, "$.backends")
    for name in registry.quantization_backends:
        if spec.backends and name not in spec.backends:
            continue
        reason = ""
        found = False
        for method, bits, symmetric in _FORMS:
            step = QuantizeStep(backend=name, method=method, bits=bits, symmetric=symmetric)
            refused = _refuse(step, spec, registry)
            if refused is None:
                found = True
                sign = "symmetric" if symmetric else "asymmetric"
                yield f"{name}/{method}/{bits}/{sign}", step
            reason = reason or refused or ""
        if not found:
            left_out[name] = reason


def _refuse(step: QuantizeStep, spec: CompressSpec, registry: Registry) -> str | None:
    """Return why a backend does not do a step."""
    config = QuantizeConfig(method=step.method, bits=step.bits, symmetric=step.symmetric, backend=step.backend)
    asked = QuantizeSpec(model_path=spec.model_path, config=config, task=spec.task, threads=spec.threads)
    request: Any = msgspec.structs.replace(make_request(asked), output="")
    try:
        faults = list(check_backend(config, request, registry))
    except UnknownValueError:
        raise  # that is no backend's fault
    except PersoptError as error:
        return str(error)
    return str(faults[0]) if faults else None
