"""The five hooks. Each takes no argument and returns contributions: stateless objects that fulfil a Protocol.

The examples are whole plugin modules; a test runs each of them through the loader.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from persopt.plugins.contracts.execution import TrialExecutor
from persopt.plugins.contracts.parsing import MetricParser
from persopt.plugins.contracts.pruning import PruningMethod
from persopt.plugins.contracts.quantization import QuantizationBackend
from persopt.plugins.contracts.sampling import SamplingStrategy
from persopt.plugins.markers import hookspec

__all__ = (
    "persopt_metric_parsers",
    "persopt_pruning_methods",
    "persopt_quantization_backends",
    "persopt_sampling_strategies",
    "persopt_trial_executors",
)


@hookspec
def persopt_sampling_strategies() -> Iterable[SamplingStrategy[Any]]:
    """Offer strategies that choose where a study looks next.

    Example:
        ```python
        from persopt.plugins import NoOptions, hookimpl


        class QuasiRandom:
            '''A scrambled Sobol sequence: fills the space more evenly than chance.'''

            name = "quasi-random"
            title = {"en": "Quasi-random search", "fa": "جست‌وجوی شبه‌تصادفی"}
            options = NoOptions

            def sampler(self, options, request):
                from optuna.samplers import QMCSampler

                return QMCSampler(seed=request.study_seed, scramble=True)


        @hookimpl
        def persopt_sampling_strategies():
            yield QuasiRandom()
        ```
    """
    raise NotImplementedError


@hookspec
def persopt_pruning_methods() -> Iterable[PruningMethod[Any]]:
    """Offer methods that say how important each weight is.

    Example:
        ```python
        from persopt.plugins import NoOptions, PruningTraits, hookimpl


        class Taylor:
            '''First-order change of the loss when a weight is removed: |w * g|.'''

            name = "taylor"
            title = {"en": "Taylor", "fa": "تیلور"}
            options = NoOptions
            traits = PruningTraits(needs=frozenset({"gradients"}))

            def importance(self, options, parameter, context):
                return (parameter * context.gradient).abs()


        @hookimpl
        def persopt_pruning_methods():
            yield Taylor()
        ```
    """
    raise NotImplementedError


@hookspec
def persopt_quantization_backends() -> Iterable[QuantizationBackend[Any]]:
    """Offer backends that write a model with fewer bits and run the result.

    Example:
        ```python
        from persopt.plugins import NoOptions, Unsupported, hookimpl


        class Nothing:
            '''Declines everything, and says what to use instead.'''

            name = "nothing"
            title = {"en": "Nothing", "fa": "هیچ"}
            options = NoOptions

            def supports(self, options, request):
                return Unsupported(f"cannot do {request.bits} bits", instead="onnx")

            def quantize(self, options, request, calibration):
                raise NotImplementedError

            def runner(self, artifact, device, threads):
                raise NotImplementedError


        @hookimpl
        def persopt_quantization_backends():
            yield Nothing()
        ```
    """
    raise NotImplementedError


@hookspec
def persopt_metric_parsers() -> Iterable[MetricParser[Any]]:
    r"""Offer parsers that find metrics in the output of a program.

    Example:
        ```python
        from persopt.plugins import Metric, NoOptions, hookimpl


        class TabReader:
            def feed(self, line):
                name, tab, value = line.partition("\t")
                try:
                    return [Metric(name=name, value=float(value))] if tab else []
                except ValueError:
                    return []

            def close(self):
                return []


        class TabParser:
            name = "tab"
            title = {"en": "Name, tab, number", "fa": "نام، جهش، عدد"}
            options = NoOptions

            def open(self, options):
                return TabReader()


        @hookimpl
        def persopt_metric_parsers():
            yield TabParser()
        ```
    """
    raise NotImplementedError


@hookspec
def persopt_trial_executors() -> Iterable[TrialExecutor[Any]]:
    """Offer places where trials run.

    Example:
        ```python
        from collections import deque
        from contextlib import contextmanager

        from persopt.plugins import Failed, Finished, NoOptions, Started, hookimpl


        class InlinePool:
            def __init__(self, program):
                self.program, self.messages = program, deque()

            def submit(self, request):
                import importlib

                module, _, name = self.program.function.partition(":")
                metrics = getattr(importlib.import_module(module), name)(dict(request.params), request)
                self.messages += [Started(number=request.number),
                                  Finished(number=request.number, metrics=metrics, seconds=0.0)]

            def receive(self, timeout):
                return self.messages.popleft() if self.messages else None

            def stop(self, number, *, keep_checkpoint):
                pass


        class Inline:
            '''Calls the function here and now; for tests of functions that do not report.'''

            name = "inline"
            title = {"en": "Here and now", "fa": "همین‌جا"}
            options = NoOptions

            @contextmanager
            def open(self, options, request):
                yield InlinePool(request.program)


        @hookimpl
        def persopt_trial_executors():
            yield Inline()
        ```
    """
    raise NotImplementedError
