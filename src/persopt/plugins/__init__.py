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
    CachedRunner,
    CalibrationRanges,
    EncodingRunner,
    FloatType,
    Granularity,
    OnnxBackend,
    OnnxExporter,
    OnnxForm,
    OnnxGraphsBackend,
    QuantizationBackend,
    QuantizationMethod,
    QuantizationRequest,
    Rounding,
    Runner,
    Supported,
    TrainableBackend,
    Unsupported,
)
from persopt.plugins.contracts.sampling import FiniteStrategy, SamplerRequest, SamplingStrategy, SelectiveStrategy
from persopt.plugins.markers import hookimpl

__all__ = (
    "SAVE_SECONDS",
    "Artifact",
    "CachedRunner",
    "CalibrationRanges",
    "ClaimingReader",
    "Contribution",
    "EncodingRunner",
    "ExecutorRequest",
    "Failed",
    "Finished",
    "FiniteStrategy",
    "FloatType",
    "FunctionTrial",
    "Granularity",
    "LogReader",
    "Metric",
    "MetricParser",
    "NoOptions",
    "OnnxBackend",
    "OnnxExporter",
    "OnnxForm",
    "OnnxGraphsBackend",
    "ParameterContext",
    "ParsedItem",
    "PluginError",
    "PruningMethod",
    "PruningTraits",
    "QuantizationBackend",
    "QuantizationMethod",
    "QuantizationRequest",
    "Reported",
    "Rounding",
    "Runner",
    "SamplerRequest",
    "SamplingStrategy",
    "SelectiveStrategy",
    "Started",
    "Stopped",
    "Supported",
    "TrainableBackend",
    "TrialEndedEarly",
    "TrialExecutor",
    "TrialMessage",
    "TrialPool",
    "TrialRequest",
    "Unsupported",
    "hookimpl",
)
