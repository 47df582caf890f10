"""What the loaded plugins offer, by kind and name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, cast

from msgspec import Struct

from persopt.domain.errors import Fault, InputError
from persopt.domain.names import describe_choices
from persopt.plugins.contracts.base import Contribution
from persopt.plugins.contracts.execution import TrialExecutor
from persopt.plugins.contracts.parsing import MetricParser
from persopt.plugins.contracts.pruning import PruningMethod
from persopt.plugins.contracts.quantization import QuantizationBackend
from persopt.plugins.contracts.sampling import SamplingStrategy
from persopt.plugins.points import PLUGIN_POINTS, PluginPoint, find_point

__all__ = ("Offer", "PluginRecord", "Registry")

_UNKNOWN: Final = "no installed distribution"


class PluginRecord(Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of one plugin.

    Attributes:
        name: Name of the entry point, or last part of a built-in module's name.
        module: What was imported: `module` or `module:object`.
        distribution: Distribution that it comes from.
        version: Version of the distribution; empty if it says none.
        seconds: Time that its import took.
        contributions: What it offers, each as `kind:name`.
        faults: Why it, or something that it wanted to offer, was not taken; empty if all is well.
        warnings: What works but should not be so.
        blocked: The user does not want it, so it was not even imported.
    """

    name: str
    module: str
    distribution: str
    version: str = ""
    seconds: float = 0.0
    contributions: list[str] = []
    faults: list[str] = []
    warnings: list[str] = []
    blocked: bool = False

    @property
    def origin(self) -> str:
        """Distribution and version, such as `persopt-lamp 1.0`."""
        return f"{self.distribution} {self.version}".strip()


class Offer(Struct, frozen=True, kw_only=True):
    """One contribution, its plugin point and where it comes from."""

    point: PluginPoint
    contribution: Any
    origin: str


class Registry:
    """Contributions by kind and name, and the record of every plugin. It does not change once it is built.

    Args:
        records: One of each plugin, in the order in which they were loaded.
        offers: What was taken; names are unique within a kind.
        warnings: What should not be so, and is of no plugin, such as a name to be blocked that none has.

    Attributes:
        records: One of each plugin, in the order in which they were loaded.
        warnings: As given.
    """

    def __init__(
        self,
        records: Iterable[PluginRecord] = (),
        offers: Iterable[Offer] = (),
        warnings: Iterable[str] = (),
    ) -> None:
        self.records: Final = tuple(records)
        self.warnings: Final = tuple(warnings)
        ordered = sorted(offers, key=lambda offer: offer.contribution.name)
        self._origins = {id(offer.contribution): offer.origin for offer in ordered}
        self._by_kind: dict[str, Mapping[str, Any]] = {
            point.kind: MappingProxyType(
                {offer.contribution.name: offer.contribution for offer in ordered if offer.point == point}
            )
            for point in PLUGIN_POINTS
        }

    @property
    def sampling_strategies(self) -> Mapping[str, SamplingStrategy[Any]]:
        """Sampling strategies by name, sorted."""
        return self._by_kind["sampling-strategy"]

    @property
    def pruning_methods(self) -> Mapping[str, PruningMethod[Any]]:
        """Pruning methods by name, sorted."""
        return self._by_kind["pruning-method"]

    @property
    def quantization_backends(self) -> Mapping[str, QuantizationBackend[Any]]:
        """Quantization backends by name, sorted."""
        return self._by_kind["quantization-backend"]

    @property
    def metric_parsers(self) -> Mapping[str, MetricParser[Any]]:
        """Metric parsers by name, sorted."""
        return self._by_kind["metric-parser"]

    @property
    def trial_executors(self) -> Mapping[str, TrialExecutor[Any]]:
        """Trial executors by name, sorted."""
        return self._by_kind["trial-executor"]

    def contributions(self, kind: str) -> Mapping[str, Contribution]:
        """Return the contributions of a kind by name, sorted.

        Raises:
            LookupError: if there is no such kind.
        """
        return self._by_kind[find_point(kind).kind]

    def sampling_strategy(self, name: str, path: str = "$.strategy") -> SamplingStrategy[Any]:
        """Return a sampling strategy; raise InputError that names the accepted ones if there is none."""
        return cast("SamplingStrategy[Any]", self._find("sampling-strategy", name, path))

    def pruning_method(self, name: str, path: str = "$.config.method") -> PruningMethod[Any]:
        """Return a pruning method; raise InputError that names the accepted ones if there is none."""
        return cast("PruningMethod[Any]", self._find("pruning-method", name, path))

    def quantization_backend(self, name: str, path: str = "$.config.backend") -> QuantizationBackend[Any]:
        """Return a quantization backend; raise InputError that names the accepted ones if there is none."""
        return cast("QuantizationBackend[Any]", self._find("quantization-backend", name, path))

    def metric_parser(self, name: str, path: str = "$.parser") -> MetricParser[Any]:
        """Return a metric parser; raise InputError that names the accepted ones if there is none."""
        return cast("MetricParser[Any]", self._find("metric-parser", name, path))

    def trial_executor(self, name: str, path: str = "$.executor") -> TrialExecutor[Any]:
        """Return a trial executor; raise InputError that names the accepted ones if there is none."""
        return cast("TrialExecutor[Any]", self._find("trial-executor", name, path))

    def distribution_of(self, contribution: Contribution) -> str:
        """Return the distribution and version that a contribution of this registry comes from."""
        return self._origins.get(id(contribution), _UNKNOWN)

    def is_blocked(self, distribution: str) -> bool:
        """Return whether a plugin of a distribution is there, and was not loaded because the user does not want it."""
        return any(record.blocked and record.distribution == distribution for record in self.records)

    def _find(self, kind: str, name: str, path: str) -> Contribution:
        offered = self._by_kind[kind]
        if name in offered:
            found: Contribution = offered[name]
            return found
        broken = sum(bool(record.faults) for record in self.records)
        plugins = "1 plugin" if broken == 1 else f"{broken} plugins"
        hint = f"{plugins} could not be loaded; see `persopt plugins`" if broken else ""
        message = f"no {find_point(kind).words} of that name, {describe_choices(name, offered)}"
        raise InputError(Fault(path=path, message=message, hint=hint, code="unknown"))
