"""Test cases that show that a contribution keeps its contract; persopt runs them over its own, authors over theirs.

A case is a class of pytest tests. Derive from it, name the contribution, and pytest does the rest:

    from persopt.testing import PruningMethodCase

    class TestLamp(PruningMethodCase):
        method = Lamp()

Importing this needs pytest and nothing else; what a test needs besides (torch, optuna) is imported when it runs.
"""

from __future__ import annotations

import pytest

# Before the modules are imported: so that a failed assert in them shows its values.
pytest.register_assert_rewrite(
    "persopt.testing.contributions",
    "persopt.testing.execution",
    "persopt.testing.parsing",
    "persopt.testing.pruning",
    "persopt.testing.quantization",
    "persopt.testing.sampling",
)

from persopt.testing.contributions import ContributionCase  # noqa: E402 - see above
from persopt.testing.execution import TrialExecutorCase  # noqa: E402
from persopt.testing.parsing import MetricParserCase, ParserSample  # noqa: E402
from persopt.testing.pruning import PruningMethodCase  # noqa: E402
from persopt.testing.quantization import QuantizationBackendCase  # noqa: E402
from persopt.testing.sampling import SamplingStrategyCase  # noqa: E402

__all__ = (
    "ContributionCase",
    "MetricParserCase",
    "ParserSample",
    "PruningMethodCase",
    "QuantizationBackendCase",
    "SamplingStrategyCase",
    "TrialExecutorCase",
)
