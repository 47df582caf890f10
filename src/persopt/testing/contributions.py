"""What is true of every contribution, whatever its kind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec
import pytest
from msgspec import Struct

from persopt.domain.errors import InputError
from persopt.plugins.checks import check_contribution
from persopt.plugins.contracts.base import Contribution
from persopt.plugins.discovery import load_modules
from persopt.plugins.loading import HEAVY_MODULES
from persopt.plugins.options import decode_options, option_fields
from persopt.plugins.points import find_point
from persopt.settings import Settings

__all__ = ("ContributionCase",)


class ContributionCase:
    """Base of the cases; use the one of your contribution's kind.

    Attributes:
        kind: The plugin point, set by the cases.
        module: Module whose hook offers the contribution; by default the one in which its class stands.
        option_sets: Options to test with besides the defaults.
    """

    kind: ClassVar[str]
    module: ClassVar[str | None] = None
    option_sets: ClassVar[Sequence[Struct]] = ()

    @property
    def contribution(self) -> Contribution:
        """The contribution under test."""
        raise NotImplementedError

    @property
    def all_options(self) -> list[Any]:
        """The defaults and the further options to test with."""
        return [self.contribution.options(), *self.option_sets]

    @property
    def offering_module(self) -> str:
        """The module whose hook offers the contribution."""
        return self.module or type(self.contribution).__module__

    def test_keeps_its_contract(self) -> None:
        """Name, title, options and every method are as the plugin point wants them."""
        assert check_contribution(self.contribution, find_point(self.kind)) == []

    def test_is_offered_by_its_module(self) -> None:
        """The module loads without a fault, and its hook gives this contribution."""
        registry = load_modules([self.offering_module], Settings())
        (record,) = registry.records
        assert record.faults == []
        offered = registry.contributions(self.kind)
        assert type(offered.get(self.contribution.name)) is type(self.contribution)

    def test_its_module_imports_nothing_heavy(self) -> None:
        """A program that only loads the plugin waits for no heavy library."""
        code = "import importlib, sys; importlib.import_module(sys.argv[1]); print(*sys.modules)"
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        done = subprocess.run(
            [sys.executable, "-c", code, self.offering_module],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert set(HEAVY_MODULES).isdisjoint(done.stdout.split())

    def test_no_options_means_the_defaults(self) -> None:
        """Every option may be left out."""
        assert decode_options(self.contribution, {}) == self.contribution.options()

    def test_options_survive_json(self) -> None:
        """Options are stored with a job as JSON and must come back as they were."""
        for options in self.all_options:
            plain = msgspec.json.decode(msgspec.json.encode(options))
            assert decode_options(self.contribution, plain) == options

    def test_an_unknown_option_is_refused(self) -> None:
        """A misspelled option is told, not ignored."""
        with pytest.raises(InputError, match="no-such-option"):
            decode_options(self.contribution, {"no-such-option": 1})

    def test_every_option_is_described(self) -> None:
        """Help texts and forms are made of the descriptions."""
        undescribed = [field.name for field in option_fields(self.contribution.options) if not field.description]
        assert undescribed == []
