"""What the author of a plugin imports: the marker of hooks, the contracts, the requests and results.

Nothing here imports a heavy library, and a plugin's module should not either: torch and its like are imported
inside methods. docs/plugins.md shows how to write a plugin.
"""

from __future__ import annotations

from persopt.domain.errors import PluginError
from persopt.plugins.contracts.base import Contribution, NoOptions
from persopt.plugins.contracts.execution import (
    SAVE_SECONDS,
    ExecutorRequest,
    Failed,
    Finished,
    FunctionTrial,
    Reported,
    Started,
    Stopped,
    TrialEndedEarly,
    TrialExecutor,
    TrialMessage,
    TrialPool,
    TrialRequest,
)
from persopt.plugins.contracts.parsing import ClaimingReader, LogReader, Metric, MetricParser, ParsedItem
from persopt.plugins.contracts.pruning import ParameterContext, PruningMethod, PruningTraits
from persopt.plugins.contracts.quantization import (
    Artifact,
    QuantizationBackend,
    QuantizationRequest,
    Runner,
    Supported,
    Unsupported,
)
from persopt.plugins.contracts.sampling import FiniteStrategy, SamplerRequest, SamplingStrategy, SelectiveStrategy
from persopt.plugins.markers import hookimpl

__all__ = (
    "SAVE_SECONDS",
    "Artifact",
    "ClaimingReader",
    "Contribution",
    "ExecutorRequest",
    "Failed",
    "Finished",
    "FiniteStrategy",
    "FunctionTrial",
    "LogReader",
    "Metric",
    "MetricParser",
    "NoOptions",
    "ParameterContext",
    "ParsedItem",
    "PluginError",
    "PruningMethod",
    "PruningTraits",
    "QuantizationBackend",
    "QuantizationRequest",
    "Reported",
    "Runner",
    "SamplerRequest",
    "SamplingStrategy",
    "SelectiveStrategy",
    "Started",
    "Stopped",
    "Supported",
    "TrialEndedEarly",
    "TrialExecutor",
    "TrialMessage",
    "TrialPool",
    "TrialRequest",
    "Unsupported",
    "hookimpl",
)
