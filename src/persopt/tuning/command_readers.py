"""The parsers of one trial: a line belongs to the first that makes something of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from persopt.domain.errors import Fault
from persopt.domain.programs import ParserChoice
from persopt.plugins.contracts.parsing import ClaimingReader, LogReader, Metric, MetricParser, ParsedItem
from persopt.plugins.guard import plugin_guard
from persopt.plugins.options import decode_options
from persopt.plugins.registry import Registry
from persopt.tuning.error_lines import ErrorFinder, memory_fault, tells_of_memory

__all__ = ("OutputReader",)

_LONGEST_NAME = 200


class OutputReader:
    """Reads the output of one trial: tracebacks first, then each parser in turn.

    Args:
        choices: The parsers in their order.
        registry: Knows them.

    Attributes:
        fault: The last error in the output, whoever found it.

    Raises:
        InputError: if a parser is not there or does not accept its options.
        PluginError: if a parser cannot be opened, here; or if it breaks its contract, from `feed` and `close`.
    """

    def __init__(self, choices: Sequence[ParserChoice], registry: Registry) -> None:
        self._registry = registry
        self._errors = ErrorFinder()
        self._readers = [self._open(choice) for choice in choices]
        self.fault: Fault | None = None

    def feed(self, line: str) -> list[Metric]:
        """Return the metrics that a line completes."""
        inside, fault = self._errors.feed(line)
        self.fault = fault or self.fault
        if inside:
            return []
        metrics: list[Metric] = []
        for parser, reader, claiming in self._readers:
            with plugin_guard(self._registry, parser):
                claimed = claiming is not None and claiming.claims(line)
                items = list(reader.feed(line))
                metrics += self._sort(items)
            if claimed or (claiming is None and items):
                return metrics
        if not metrics and tells_of_memory(line):
            self.fault = memory_fault(line)
        return metrics

    def close(self) -> list[Metric]:
        """Return the metrics that were still open at the end."""
        self.fault = self._errors.close() or self.fault
        metrics: list[Metric] = []
        for parser, reader, _ in self._readers:
            with plugin_guard(self._registry, parser):
                metrics += self._sort(list(reader.close()))
        return metrics

    def _open(self, choice: ParserChoice) -> tuple[MetricParser, LogReader, ClaimingReader | None]:  # type: ignore[type-arg]
        parser = self._registry.metric_parser(choice.name, "$.parsers")
        options = decode_options(parser, choice.options, "$.parsers")
        with plugin_guard(self._registry, parser):
            reader = parser.open(options)
            return parser, reader, reader if isinstance(reader, ClaimingReader) else None

    def _sort(self, items: Iterable[ParsedItem]) -> list[Metric]:
        """Return the metrics among the items and note the faults."""
        metrics = []
        for item in items:
            if isinstance(item, Metric):
                metrics.append(Metric(name=item.name[:_LONGEST_NAME], value=float(item.value), step=item.step))
            elif isinstance(item, Fault):
                self.fault = item
            else:
                raise TypeError(f"expected Metrics and Faults, got {item!r}")
        return metrics
