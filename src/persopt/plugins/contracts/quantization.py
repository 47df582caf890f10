"""Quantization backends: fewer bits, and something that runs the result."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, TypeVar, runtime_checkable

from msgspec import Struct

from persopt.plugins.contracts.base import Contribution

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    import numpy as np
    from torch import nn

__all__ = (
    "Artifact",
    "CachedRunner",
    "CalibrationRanges",
    "EncodingRunner",
    "FloatType",
    "Granularity",
    "OnnxBackend",
    "OnnxExporter",
    "OnnxForm",
    "OnnxGraphsBackend",
    "QuantizationBackend",
    "QuantizationMethod",
    "QuantizationRequest",
    "Rounding",
    "Runner",
    "Supported",
    "TrainableBackend",
    "Unsupported",
)

OptionsT_contra = TypeVar("OptionsT_contra", bound=Struct, contravariant=True)

QuantizationMethod: TypeAlias = Literal["dynamic", "static", "qat", "weight-only"]
CalibrationRanges: TypeAlias = Literal["min-max", "percentile", "entropy", "mse"]
FloatType: TypeAlias = Literal["bf16", "fp16"]
Granularity: TypeAlias = Literal["tensor", "token", "channel"]
Rounding: TypeAlias = Literal["nearest", "gptq"]
OnnxExporter: TypeAlias = Literal["dynamo", "torchscript"]
OnnxForm: TypeAlias = Literal["cached", "encoder-decoder"]


class QuantizationRequest(Struct, frozen=True, kw_only=True):
    """What is asked for: the model's folder, where the artifact goes, the method and the numbers' form.

    Attributes:
        model: Folder of the Transformers checkpoint, in float32; only read. (What was asked for beforehand, such as
            SmoothQuant's scaling or a quantization-aware training, is in its weights already.)
        output: Folder that exists and is empty; the artifact's files go there and nowhere else. persopt adds the
            configuration, the tokenizer and the manifest.
        method: `dynamic` (activations are quantized as they come), `static` (by ranges found on calibration data),
            `qat` (as static, of weights that were trained for it), `weight-only` (activations stay floating point).
        bits: Of the weights: 32 (no change), 16 (see `float_type`), 8, 4 or whatever the backend can. Activations
            are quantized to 8 bits, if at all.
        symmetric: Whether weights have no zero point.
        per_channel: Whether each output channel of a weight has a scale of its own; else the whole tensor has one.
        group_size: Below 8 bits: so many consecutive inputs of an output share a scale.
        rounding: Of weights below 8 bits: to the nearest, or with GPTQ (Frantar et al., arXiv:2210.17323).
        activation_symmetric: Whether activations have no zero point; None leaves it to the backend.
        activation_granularity: What of an activation shares a scale; None leaves it to the backend.
        float_type: The type of 16 bits.
        ranges: How ranges of static quantization are found from the calibration data.
        percentile: With `percentile` ranges, the percentage of values that lie inside.
        keep: Operators left in floating point: patterns (fnmatch) of modules' names in the Transformers model, such
            as `classifier` or `*.layer.0.*`.
        task: The task, if it is known.
        onnx: The model as ONNX in float32, if the backend is an `OnnxBackend` and the model one file; only read.
        graphs: All the ONNX files in float32, if the backend is an `OnnxGraphsBackend`: paths by the names that Optimum
            gives the files, `model.onnx`, or `encoder_model.onnx`, `decoder_model.onnx` and
            `decoder_with_past_model.onnx`, in this order; only read.
        seed: Of anything random.
        threads: CPU threads that may be used; None means as many as there are.
    """

    model: str
    output: str
    method: QuantizationMethod
    bits: int
    symmetric: bool = True
    per_channel: bool = True
    group_size: int = 32
    rounding: Rounding = "nearest"
    activation_symmetric: bool | None = None
    activation_granularity: Granularity | None = None
    float_type: FloatType = "bf16"
    ranges: CalibrationRanges = "min-max"
    percentile: float = 99.99
    keep: tuple[str, ...] = ()
    task: str | None = None
    onnx: str | None = None
    graphs: Mapping[str, str] = {}
    seed: int = 0
    threads: int | None = None


class Supported(Struct, frozen=True, tag="supported"):
    """The backend can do what is asked."""


class Unsupported(Struct, frozen=True, tag="unsupported"):
    """The backend cannot, why, and the nearest thing that it can (`config` fields, such as `symmetric=true`)."""

    reason: str
    instead: str = ""


class Artifact(Struct, frozen=True, kw_only=True):
    """A folder that `persopt.load` and the backend's runner open.

    Attributes:
        path: The folder.
        format: `onnx`, `openvino`, `safetensors`, or whatever the backend calls its own.
        notes: What to know about the result, in plain words.
    """

    path: str
    format: str
    notes: tuple[str, ...] = ()


class Runner(Protocol):
    """Runs an artifact.

    Used from one thread.
    """

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs that `run` takes."""
        ...

    def run(self, inputs: Mapping[str, np.ndarray[Any, Any]]) -> Mapping[str, np.ndarray[Any, Any]]:
        """Return the outputs for one batch, `logits` among them where the model has a head; waits for the end.

        Args:
            inputs: By name, as the Transformers model takes them (`input_ids` and masks of shape (batch, length) in
                int64, `pixel_values` in float32); names that the model does not know are left out.
        """
        ...


@runtime_checkable
class CachedRunner(Runner, Protocol):
    """A runner of a decoder that can go on from the keys and values of earlier tokens (optional).

    Its `run` begins with an empty cache; writing then costs each new token one step and not the whole text again.
    """

    @property
    def has_cache(self) -> bool:
        """Whether this artifact takes a cache."""
        ...

    def step(
        self, inputs: Mapping[str, np.ndarray[Any, Any]], cache: Mapping[str, np.ndarray[Any, Any]] | None
    ) -> tuple[np.ndarray[Any, Any], Mapping[str, np.ndarray[Any, Any]]]:
        """Return the logits of the tokens given, and the cache of these and all before.

        Args:
            inputs: `input_ids` of the new tokens, (batch, new), their `position_ids` if the runner takes such, and
                `attention_mask` of all tokens, (batch, all).
            cache: What the step before gave; None for the first.
        """
        ...


@runtime_checkable
class EncodingRunner(Runner, Protocol):
    """A runner of an encoder-decoder that reads the source once, and writes the target with a cache (optional)."""

    def encode(self, inputs: Mapping[str, np.ndarray[Any, Any]]) -> Mapping[str, np.ndarray[Any, Any]]:
        """Return what `step` takes of the source, from its `input_ids` and `attention_mask`."""
        ...

    def step(
        self,
        tokens: np.ndarray[Any, Any],
        encoded: Mapping[str, np.ndarray[Any, Any]],
        cache: Mapping[str, np.ndarray[Any, Any]] | None,
    ) -> tuple[np.ndarray[Any, Any], Mapping[str, np.ndarray[Any, Any]]]:
        """Return the logits of some decoder tokens, and the cache of these and all before.

        Args:
            tokens: The new ones, (batch, new).
            encoded: What `encode` gave.
            cache: What the step before gave; None for the first.
        """
        ...


class QuantizationBackend(Contribution, Protocol[OptionsT_contra]):
    """Quantizes a checkpoint and runs the result."""

    def supports(self, options: OptionsT_contra, request: QuantizationRequest) -> Supported | Unsupported:
        """Tell, before anything is run, whether the request can be done here.

        The model may not exist yet: what is asked is about the request, and the model's configuration if it is there.
        Whatever a backend needs that is not installed is a reason too; name the package.
        """
        ...

    def quantize(
        self,
        options: OptionsT_contra,
        request: QuantizationRequest,
        calibration: Iterable[Mapping[str, np.ndarray[Any, Any]]] | None,
    ) -> Artifact:
        """Write the artifact and return where it is.

        Args:
            options: The backend's own.
            request: One that `supports` said yes to.
            calibration: Batches of inputs as `Runner.run` takes them, padded within a batch; can be gone over again.
                None if the method needs none.

        Raises:
            PluginError: if the model cannot be done after all, in words.
        """
        ...

    def runner(self, artifact: Artifact, device: str, threads: int) -> AbstractContextManager[Runner]:
        """Open an artifact for running.

        Args:
            artifact: What `quantize` returned, perhaps in another process, long ago and in another place.
            device: `cpu` or `cuda`.
            threads: CPU threads of a call.
        """
        ...


@runtime_checkable
class OnnxBackend(Protocol):
    """A backend that begins from an ONNX file of the model (optional); it is then given as `request.onnx`."""

    @property
    def exporter(self) -> OnnxExporter:
        """Which of PyTorch's exporters it wants the file from."""
        ...


@runtime_checkable
class OnnxGraphsBackend(Protocol):
    """An `OnnxBackend` that takes more than models of one file and one call (optional); see `request.graphs`.

    Without it, decoders come without a cache and encoder-decoders are refused before the backend is asked.
    """

    @property
    def onnx_forms(self) -> Collection[OnnxForm]:
        """What else it takes: `cached` decoders, `encoder-decoder` models."""
        ...


@runtime_checkable
class TrainableBackend(Protocol):
    """A backend with a quantization-aware training of its own (optional); persopt trains between.

    For all others persopt trains with fake quantization in its linear layers, and gives the trained weights.
    """

    def prepare(self, options: Any, request: QuantizationRequest, model: nn.Module) -> nn.Module:
        """Return the model with fake quantization; may change it in place."""
        ...

    def convert(self, options: Any, request: QuantizationRequest, model: nn.Module) -> nn.Module:
        """Return the trained model without it, in plain float32 weights that `quantize` is then given."""
        ...
