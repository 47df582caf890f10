"""What is true of every metric parser."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from msgspec import Struct

from persopt.domain.errors import Fault
from persopt.plugins.contracts.parsing import Metric, MetricParser, ParsedItem
from persopt.testing.contributions import ContributionCase

__all__ = ("MetricParserCase", "ParserSample")

_STRANGE_LINES = (
    "",
    " ",
    "\t",
    "=",
    ":",
    "a=",
    "=1",
    "loss=",
    "loss = = 1",
    "{",
    "{}",
    "[]",
    '{"loss": }',
    '{"loss": {"loss": {"loss": ' * 200,
    "loss: 1e999999",
    "loss=" + "9" * 400,
    "دقت: ۹۸٫۵٪",
    "100%|██████████| 10/10 [00:01<00:00,  9.99it/s]",
    "\x1b[32mloss\x1b[0m=\x1b[1m0.5\x1b[0m",
    "\x00\x01\x02",
    "\ud800",
    "Traceback (most recent call last):",
    "x" * 100_000,
)
_ALPHABET = 'ab1.eE+-=:,"{}[]()%| \tلک۱'


class ParserSample(Struct, frozen=True, kw_only=True):
    """A piece of real output and what it says.

    Attributes:
        text: Lines of output, as a program prints them.
        metrics: Every metric in it, in order.
        faults: Codes of the faults in it, in order.
        options: Options to read it with; by default the parser's defaults.
    """

    text: str
    metrics: tuple[Metric, ...] = ()
    faults: tuple[str, ...] = ()
    options: Struct | None = None


class MetricParserCase(ContributionCase):
    """Tests of a metric parser.

    Attributes:
        parser: The parser under test.
        samples: Output that it understands; give at least one with a metric.
        noise: Output in which there is nothing for it.
    """

    kind = "metric-parser"
    parser: ClassVar[MetricParser[Any]]
    samples: ClassVar[Sequence[ParserSample]]
    noise: ClassVar[Sequence[str]] = ("", "Loading data", "done.", "سلام دنیا")

    @property
    def contribution(self) -> MetricParser[Any]:
        """The parser under test."""
        return self.parser

    def test_finds_what_the_samples_say(self) -> None:
        """Metrics with their steps, and faults, in order."""
        assert any(sample.metrics for sample in self.samples), "give a sample with a metric"
        for sample in self.samples:
            items = self._read(sample)
            assert [item for item in items if isinstance(item, Metric)] == list(sample.metrics), sample.text
            assert [item.code for item in items if isinstance(item, Fault)] == list(sample.faults), sample.text

    def test_finds_nothing_in_noise(self) -> None:
        """Lines of other kinds are no metrics."""
        for options in self.all_options:
            reader = self.parser.open(options)
            found = [item for line in self.noise for item in reader.feed(line)]
            assert [*found, *reader.close()] == []

    def test_readers_know_nothing_of_each_other(self) -> None:
        """Two trials that print at the same time are read as each would be alone."""
        for sample in self.samples:
            options = self._options_of(sample)
            one, other = self.parser.open(options), self.parser.open(options)
            lines = sample.text.splitlines()
            first: list[ParsedItem] = []
            second: list[ParsedItem] = []
            for line in lines:
                first += one.feed(line)
                second += other.feed(line)
            first += one.close()
            second += other.close()
            assert first == second == self._read(sample)

    def test_survives_any_line(self) -> None:
        """Whatever a program prints, the reader raises nothing and gives metrics and faults only."""
        chance = random.Random(0)  # noqa: S311 - the same lines every time
        made = ["".join(chance.choices(_ALPHABET, k=chance.randint(1, 40))) for _ in range(2000)]
        for options in self.all_options:
            reader = self.parser.open(options)
            for line in (*_STRANGE_LINES, *made):
                _check_items(reader.feed(line), line)
            _check_items(reader.close(), "the end")

    def test_closing_twice_gives_nothing_more(self) -> None:
        """What was open is told once."""
        for sample in self.samples:
            reader = self.parser.open(self._options_of(sample))
            for line in sample.text.splitlines():
                list(reader.feed(line))
            list(reader.close())
            assert list(reader.close()) == []

    def _read(self, sample: ParserSample) -> list[ParsedItem]:
        reader = self.parser.open(self._options_of(sample))
        items = [item for line in sample.text.splitlines() for item in reader.feed(line)]
        return [*items, *reader.close()]

    def _options_of(self, sample: ParserSample) -> Any:
        return self.parser.options() if sample.options is None else sample.options


def _check_items(items: Iterable[ParsedItem], line: str) -> None:
    for item in items:
        assert isinstance(item, Metric | Fault), (item, line)
        if isinstance(item, Metric):
            assert item.name, line
            assert type(item.value) is float, line
            assert item.step is None or type(item.step) is int, line
