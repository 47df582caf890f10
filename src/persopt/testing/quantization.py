"""What is true of every quantization backend."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

from persopt.plugins.contracts.quantization import QuantizationBackend, QuantizationRequest, Supported, Unsupported
from persopt.testing.contributions import ContributionCase

__all__ = ("QuantizationBackendCase",)

_METHODS: tuple[Literal["dynamic", "static", "qat"], ...] = ("dynamic", "static", "qat")
_BITS = (2, 3, 4, 8, 16)


class QuantizationBackendCase(ContributionCase):
    """Tests of a quantization backend.

    Attributes:
        backend: The backend under test.
    """

    kind = "quantization-backend"
    backend: ClassVar[QuantizationBackend[Any]]

    @property
    def contribution(self) -> QuantizationBackend[Any]:
        """The backend under test."""
        return self.backend

    def test_says_of_every_request_whether_it_can(self, tmp_path: Path) -> None:
        """It answers before anything is run; a refusal has a reason."""
        for options, request in self._requests(tmp_path):
            answer = self.backend.supports(options, request)
            assert isinstance(answer, Supported | Unsupported), request
            assert isinstance(answer, Supported) or answer.reason, request

    def test_asking_writes_nothing(self, tmp_path: Path) -> None:
        """The question leaves no file."""
        for options, request in self._requests(tmp_path):
            self.backend.supports(options, request)
        assert list(tmp_path.iterdir()) == []

    def _requests(self, folder: Path) -> Iterator[tuple[Any, QuantizationRequest]]:
        for options in self.all_options:
            for method in _METHODS:
                for bits in _BITS:
                    for symmetric in (True, False):
                        yield (
                            options,
                            QuantizationRequest(
                                model=str(folder / "model"),
                                output=str(folder / "output"),
                                method=method,
                                bits=bits,
                                symmetric=symmetric,
                            ),
                        )
