"""The plugin points: for each kind of contribution its hook and its contract."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from persopt.plugins.contracts.execution import TrialExecutor
from persopt.plugins.contracts.parsing import MetricParser
from persopt.plugins.contracts.pruning import PruningMethod
from persopt.plugins.contracts.quantization import QuantizationBackend
from persopt.plugins.contracts.sampling import FiniteStrategy, SamplingStrategy, SelectiveStrategy

__all__ = ("PLUGIN_POINTS", "PluginPoint", "find_point")


class PluginPoint(Struct, frozen=True, kw_only=True):
    """One kind of contribution.

    Attributes:
        kind: As it is named in lists and records, such as `sampling-strategy`.
        hook: The hook that yields contributions of this kind.
        contract: The Protocol that every contribution fulfils.
        abilities: Optional Protocols; a contribution that has one member of them has all.
    """

    kind: str
    hook: str
    contract: type
    abilities: tuple[type, ...] = ()

    @property
    def words(self) -> str:
        """The kind as it stands in a sentence."""
        return self.kind.replace("-", " ")


PLUGIN_POINTS: Final = (
    PluginPoint(
        kind="sampling-strategy",
        hook="persopt_sampling_strategies",
        contract=SamplingStrategy,
        abilities=(FiniteStrategy, SelectiveStrategy),
    ),
    PluginPoint(kind="pruning-method", hook="persopt_pruning_methods", contract=PruningMethod),
    PluginPoint(kind="quantization-backend", hook="persopt_quantization_backends", contract=QuantizationBackend),
    PluginPoint(kind="metric-parser", hook="persopt_metric_parsers", contract=MetricParser),
    PluginPoint(kind="trial-executor", hook="persopt_trial_executors", contract=TrialExecutor),
)


def find_point(kind: str) -> PluginPoint:
    """Return the plugin point of a kind.

    Raises:
        LookupError: if there is none of that name.
    """
    for point in PLUGIN_POINTS:
        if point.kind == kind:
            return point
    raise LookupError(f"there is no plugin point {kind!r}")
