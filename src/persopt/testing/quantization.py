"""What is true of every quantization backend."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from persopt.plugins.contracts.quantization import (
    OnnxBackend,
    QuantizationBackend,
    QuantizationRequest,
    Supported,
    Unsupported,
)
from persopt.testing.contributions import ContributionCase

if TYPE_CHECKING:
    import numpy as np

__all__ = ("QuantizationBackendCase",)

_METHODS: tuple[Literal["dynamic", "static", "qat"], ...] = ("dynamic", "static", "qat")
_BITS = (2, 3, 4, 8, 16)
_TRIED: tuple[tuple[Literal["dynamic", "static", "weight-only"], int], ...] = (
    ("dynamic", 8),
    ("static", 8),
    ("weight-only", 8),
    ("weight-only", 4),
)
_FARTHEST = 0.5
_WORDS = 40


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

    def test_what_it_says_yes_to_runs_near_the_original(self, tmp_path: Path) -> None:
        """A tiny encoder is quantized in every common way, with its files untouched, and gives nearly its logits."""
        import numpy as np
        import torch

        model, onnx = self._make_model(tmp_path)
        before = _read_files(tmp_path / "model")
        batches = [_make_batch(seed) for seed in range(3)]
        with torch.inference_mode():
            given = {name: torch.as_tensor(value) for name, value in batches[0].items()}
            expected = model(**given).logits.numpy()
        options = self.backend.options()
        for number, (method, bits) in enumerate(_TRIED):
            request = QuantizationRequest(
                model=str(tmp_path / "model"),
                output=str(tmp_path / f"output-{number}"),
                method=method,
                bits=bits,
                onnx=onnx,
                threads=1,
            )
            if isinstance(self.backend.supports(options, request), Unsupported):
                continue
            Path(request.output).mkdir()
            artifact = self.backend.quantize(options, request, batches)
            config = Path(artifact.path) / "config.json"
            if not config.exists():  # persopt adds what the backend has not written
                config.write_bytes(before[config.name])
            with self.backend.runner(artifact, "cpu", 1) as runner:
                assert "input_ids" in runner.inputs
                found = runner.run(batches[0])["logits"]
            distance = float(np.linalg.norm(found - expected) / np.linalg.norm(expected))
            assert distance < _FARTHEST, (method, bits)
        assert _read_files(tmp_path / "model") == before

    def _make_model(self, folder: Path) -> tuple[Any, str | None]:
        """Save a tiny encoder, as ONNX too if the backend begins from that."""
        import torch
        from transformers import BertConfig, BertForSequenceClassification

        from persopt.models.onnx_export import export_onnx
        from persopt.models.quiet import quiet_transformers

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            config_class: Any = BertConfig
            model_class: Any = BertForSequenceClassification
            config = config_class(
                vocab_size=_WORDS,
                hidden_size=64,
                num_hidden_layers=1,
                num_attention_heads=2,
                intermediate_size=128,
                num_labels=8,
                initializer_range=0.2,
            )
            model = model_class(config).eval()
        with quiet_transformers():
            model.save_pretrained(folder / "model")
        if not isinstance(self.backend, OnnxBackend):
            return model, None
        export_onnx(model, folder / "onnx", exporter=self.backend.exporter)
        return model, str(folder / "onnx" / "model.onnx")

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


def _make_batch(seed: int) -> dict[str, np.ndarray[Any, Any]]:
    import numpy as np

    chance = np.random.default_rng(seed)
    return {
        "input_ids": chance.integers(1, _WORDS, (6, 9)),
        "attention_mask": np.ones((6, 9), np.int64),
        "token_type_ids": np.zeros((6, 9), np.int64),
    }


def _read_files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}
