"""PyTorch's own backend: integers in safetensors, run by PyTorch in eager mode, or compiled."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from persopt.domain.errors import ModelError
from persopt.plugins import hookimpl
from persopt.plugins.contracts.quantization import (
    Artifact,
    QuantizationBackend,
    QuantizationRequest,
    Runner,
    Supported,
    Unsupported,
)

if TYPE_CHECKING:
    import numpy as np

__all__ = ("FORMAT", "TORCHAO_FORMAT", "TorchBackend", "TorchOptions")

_LOGGER: Final = logging.getLogger(__name__)
FORMAT: Final = "torch"
TORCHAO_FORMAT: Final = "torchao"
_CHECKPOINT: Final = "safetensors"
_BITS: Final = (32, 16, 8, 4)
_CAST: Final = 16
_PACKED: Final = 4
_TORCHAO_NOTE: Final = (
    "a checkpoint that AutoModel.from_pretrained opens where torchao is installed; torchao in eager mode is "
    "slower than float32, so persopt's runner has oneDNN multiply the integers"
)


class TorchOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of PyTorch's backend."""

    embeddings: Annotated[
        Literal["float", "8-bit", "as-weights"],
        Meta(description="Form of the embedding tables: as they are, 8 bits a row, or that of the weights."),
    ] = "8-bit"
    layout: Annotated[
        Literal["packed", "torchao"],
        Meta(
            description="Of the file: persopt's, where embeddings and 4 bits are small too, or with 8 bits torchao's, "
            "which Transformers opens by itself."
        ),
    ] = "packed"
    compile: Annotated[
        Literal["never", "auto", "model"],
        Meta(
            description="What torch.compile compiles wherever the result is opened and a C++ compiler is: `auto` each "
            "repeated block, `model` all as one, which runs fastest and takes several times as long to compile. The "
            "first calls wait for it, a minute or two. Else it runs in eager mode."
        ),
    ] = "never"


class TorchBackend:
    """Linear layers and embeddings as integers; on a CPU oneDNN multiplies them, elsewhere they are made real first."""

    name = "torch"
    title = {"en": "PyTorch", "fa": "پای‌تورچ"}
    options = TorchOptions

    def supports(self, options: TorchOptions, request: QuantizationRequest) -> Supported | Unsupported:
        """Tell whether the request can be done."""
        refusal = (
            _refuse_bits(request)
            or _refuse_weights(request)
            or _refuse_activations(request)
            or _refuse_layout(options, request)
            or _refuse_compiling(options, request)
        )
        return refusal or Supported()

    def quantize(
        self,
        options: TorchOptions,
        request: QuantizationRequest,
        calibration: Iterable[Mapping[str, np.ndarray[Any, Any]]] | None,
    ) -> Artifact:
        """Write a checkpoint (16 and 32 bits), or integers with what they are."""
        import torch

        from persopt.models.quiet import quiet_transformers
        from persopt.models.whole import load_whole

        folder = Path(request.output)
        if request.bits < _CAST and options.layout == "torchao":
            from persopt.quantization.torch_artifacts.torchao_layout import save_torchao

            save_torchao(request)
            return Artifact(path=str(folder), format=TORCHAO_FORMAT, notes=(_TORCHAO_NOTE,))
        model: Any
        model, _ = load_whole(request.model, "float32")
        if request.bits >= _CAST:
            if request.bits == _CAST:
                model = model.to(torch.bfloat16 if request.float_type == "bf16" else torch.float16)
            if any(not value.isfinite().all() for value in model.parameters()):
                raise ModelError("weights are too large for fp16", hint="take floatType bf16")
            with quiet_transformers():
                model.save_pretrained(folder)
            return Artifact(path=str(folder), format=_CHECKPOINT, notes=_note_cast(request))
        from persopt.quantization.torch_artifacts.quantizing import quantize_layers
        from persopt.quantization.torch_artifacts.storage import save_quantized

        layers, tensors = quantize_layers(model, request, options.embeddings, calibration)
        if not layers:
            raise ModelError("the model has no linear layer that may be quantized", path="$.config.keep")
        save_quantized(folder, model, layers, tensors, compile=options.compile)
        return Artifact(path=str(folder), format=FORMAT, notes=_note_layers(options, request))

    @contextmanager
    def runner(self, artifact: Artifact, device: str, threads: int) -> Iterator[Runner]:
        """Open an artifact; the number of PyTorch's threads is set while it is open."""
        from persopt.models.torch_runner import run_torch_model
        from persopt.models.whole import load_whole
        from persopt.quantization.torch_artifacts.modules import has_integer_kernels
        from persopt.quantization.torch_artifacts.storage import load_quantized, read_stored
        from persopt.quantization.torch_artifacts.torchao_layout import load_torchao

        model: Any
        integer = device == "cpu" and has_integer_kernels()
        if artifact.format == FORMAT:
            model = load_quantized(Path(artifact.path), integer=integer)
        elif artifact.format == TORCHAO_FORMAT:
            model = load_torchao(Path(artifact.path), integer=integer)
        else:
            model, _ = load_whole(artifact.path)
        with run_torch_model(model, device, threads) as runner:
            stored = read_stored(Path(artifact.path)).compile if integer and artifact.format == FORMAT else "never"
            yield runner if stored == "never" else _compile(model, runner, whole=stored == "model")


def _compile(model: Any, runner: Runner, *, whole: bool) -> Runner:
    """Return what runs the model compiled, or the runner itself, with a line in the log, where no compiler is."""
    from persopt.quantization.torch_artifacts.compiling import CompiledRunner, compile_blocks, has_compiler
    from persopt.quantization.torch_artifacts.whole_model import compile_model

    if not has_compiler():
        _LOGGER.warning(
            "the model runs in eager mode: torch.compile needs a C++ compiler; install g++, or name one in CXX"
        )
        return runner
    return CompiledRunner(runner, model, (compile_model, compile_blocks) if whole else (compile_blocks,))


def _refuse_bits(request: QuantizationRequest) -> Unsupported | None:
    if request.bits not in _BITS:
        nearest = min(_BITS, key=lambda bits: abs(bits - request.bits))
        return Unsupported(f"weights of {request.bits} bits cannot be stored", f"bits={nearest}")
    if request.bits >= _CAST and request.method in ("static", "qat"):
        return Unsupported(f"with {request.bits} bits nothing is calibrated", "method=dynamic")
    if request.bits == _PACKED and request.method != "weight-only":
        return Unsupported("4-bit weights are multiplied with activations in floating point", "method=weight-only")
    return None


def _refuse_weights(request: QuantizationRequest) -> Unsupported | None:
    if request.bits >= _CAST:
        return None
    if not request.symmetric and request.method != "weight-only":
        return Unsupported("oneDNN's integer products take weights without a zero point", "symmetric=true")
    if request.rounding == "gptq" and request.bits != _PACKED:
        return Unsupported(f"GPTQ is for 4 bits, not {request.bits}", "rounding=nearest")
    return None


def _refuse_activations(request: QuantizationRequest) -> Unsupported | None:
    if request.bits >= _CAST or request.method == "weight-only":
        return None
    if request.activation_granularity == "channel":
        return Unsupported(
            "a scale a channel of the activations cannot be taken out of the product", "activation_granularity=tensor"
        )
    if request.activation_granularity == "token" and request.method != "dynamic":
        return Unsupported("a token's scale is not known before it comes", "activation_granularity=tensor")
    return None


def _refuse_layout(options: TorchOptions, request: QuantizationRequest) -> Unsupported | None:
    if options.layout == "packed" or request.bits >= _CAST:
        return None
    if request.bits == _PACKED or not request.symmetric or request.method not in ("dynamic", "weight-only"):
        return Unsupported(
            "torchao's layout is for 8-bit symmetric weights, dynamic or weight-only", "backendOptions.layout=packed"
        )
    return None


def _refuse_compiling(options: TorchOptions, request: QuantizationRequest) -> Unsupported | None:
    if options.compile == "never":
        return None
    if request.bits >= _CAST or options.layout == "torchao":
        return Unsupported("only persopt's own layout of integers is compiled", "backendOptions.compile=never")
    if request.method == "weight-only" or request.bits == _PACKED:
        return Unsupported("weights that are made real at each call are not compiled", "backendOptions.compile=never")
    if request.activation_granularity == "token":
        return Unsupported("products with a scale a token are not compiled", "activation_granularity=tensor")
    return None


def _note_cast(request: QuantizationRequest) -> tuple[str, ...]:
    if request.bits != _CAST:
        return ("32 bits: the weights are the original's; a plain checkpoint of Transformers",)
    return (
        f"a plain checkpoint of Transformers in {request.float_type}; on a CPU without instructions for it, it runs "
        "slower than float32",
    )


def _note_layers(options: TorchOptions, request: QuantizationRequest) -> tuple[str, ...]:
    common = "integers in safetensors, opened by persopt.load; Transformers alone does not know the layout"
    if request.method == "weight-only":
        return (
            common,
            "weights are made real at each call: the file and the memory are smaller, the speed is not above float32's",
        )
    if options.compile != "never":
        from persopt.quantization.torch_artifacts.compiling import has_compiler

        whole = options.compile == "model"
        return (
            common,
            f"oneDNN multiplies the integers on a CPU; the rest of {'the model' if whole else 'each block'} is "
            "compiled at the first calls where a C++ compiler is, and runs in eager mode where none is",
            *(() if has_compiler() else ("no C++ compiler is here: what was measured here ran in eager mode",)),
        )
    return (common, "runs in eager mode; oneDNN multiplies the integers on a CPU, on other devices they are made real")


@hookimpl
def persopt_quantization_backends() -> Iterable[QuantizationBackend[TorchOptions]]:
    """Offer PyTorch's backend."""
    yield TorchBackend()
