"""Whole quantizations of models that write and of images: judged, opened again, and writing by ONNX Runtime alone."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import onnxruntime
import pytest

from persopt.domain.errors import InputError
from persopt.domain.programs import TrainingProgram
from persopt.domain.quantize_reports import QuantizeReport
from persopt.models.runners import open_runner
from persopt.plugins.registry import Registry
from persopt.quantization.backends import Candidate
from persopt.quantization.stages.artifacts import ArtifactMaker
from persopt.settings import Settings
from persopt.ticker import Ticker
from tests.quantization.matrix_document import MODULES, load_backends
from tests.support.quantizations import quantize_here, registry_of, resolve_here
from tests.support.threads import one_torch_thread
from tests.support.tiny_tasks import make_image_folder, make_image_program, make_language_program, make_pair_program

__all__ = ("one_torch_thread",)

pytestmark = [
    pytest.mark.usefixtures("one_torch_thread"),
    pytest.mark.skipif(len(load_backends().records) < len(MODULES), reason="not all of persopt's backends are here"),
]

ENCODER_DECODER: Final = {"encoder_model.onnx", "decoder_model.onnx", "decoder_with_past_model.onnx"}
NEW_TOKENS: Final = 8


@pytest.fixture(scope="module")
def registry() -> Registry:
    return registry_of(Settings(), *MODULES)


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, TrainingProgram]:
    """A tiny task and model of each kind; their weights are so large that each token depends on the text."""
    folder = tmp_path_factory.mktemp("programs")
    made = {
        "t5": make_pair_program(folder / "t5", "summarization", "t5"),
        "marian": make_pair_program(folder / "marian", "translation", "marian"),
        "gpt2": make_language_program(folder / "gpt2", "gpt2"),
        "llama": make_language_program(folder / "llama", "llama"),
        "vit": _make_image_task(folder / "vit"),
    }
    for name, program in made.items():
        _enlarge(Path(program.model), writes=name != "vit")
    return made


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("t5", {}),
        ("t5", {"method": "weight-only", "bits": 4}),
        ("marian", {"method": "static"}),
        ("gpt2", {}),
        ("llama", {"method": "static"}),
    ],
    ids=lambda value: value if isinstance(value, str) else value.get("method", "dynamic"),
)
def test_onnx_runtime_writes_alone_what_the_artifact_writes(
    tmp_path: Path, programs: Mapping[str, TrainingProgram], registry: Registry, kind: str, config: dict[str, Any]
) -> None:
    report = _quantize(tmp_path, programs[kind], registry, backend="onnxruntime", **config)
    folder = Path(report.model_path)
    graphs = ENCODER_DECODER if kind in ("t5", "marian") else {"model.onnx"}
    assert {file.name for file in folder.glob("*.onnx")} == graphs
    assert report.quality is not None
    assert report.quality.before["loss"].value == pytest.approx(report.quality.after["loss"].value, rel=0.2)
    assert report.outputs is not None
    assert report.outputs.cosine > (0.7 if config.get("bits") == 4 else 0.95)
    prompts = _read_prompts(programs[kind])
    found = _write(folder, registry, prompts)
    by_hand = _translate_by_hand if kind in ("t5", "marian") else _continue_by_hand
    assert found == [by_hand(folder, prompt) for prompt in prompts]


@pytest.mark.parametrize("kind", ["t5", "marian", "gpt2", "llama"])
def test_unquantized_graphs_write_what_pytorch_writes(
    tmp_path: Path, programs: Mapping[str, TrainingProgram], registry: Registry, kind: str
) -> None:
    report = _quantize(tmp_path, programs[kind], registry, backend="onnxruntime", bits=32)
    assert report.outputs is not None
    assert report.outputs.largest < 1e-3
    prompts = _read_prompts(programs[kind])
    found = _write(Path(report.model_path), registry, prompts, batch_size=3)
    assert found == _write(Path(programs[kind].model), registry, prompts, batch_size=3)
    assert len(set(found)) > 1, "what is written depends on the text"


@pytest.mark.parametrize("kind", ["t5", "gpt2", "vit"])
@pytest.mark.parametrize("backend", ["torch", "openvino"])
def test_other_backends_quantize_these_kinds_too(
    tmp_path: Path, programs: Mapping[str, TrainingProgram], registry: Registry, backend: str, kind: str
) -> None:
    report = _quantize(tmp_path, programs[kind], registry, backend=backend)
    assert report.quality is not None
    assert report.outputs is not None
    assert report.outputs.cosine > 0.95
    if kind != "vit":
        prompts = _read_prompts(programs[kind])[:2]
        assert all(isinstance(text, str) for text in _write(Path(report.model_path), registry, prompts))


def test_padded_prompts_are_written_on_without_positions_and_cache_too(
    tmp_path: Path, programs: Mapping[str, TrainingProgram], registry: Registry
) -> None:
    report = _quantize(tmp_path, programs["gpt2"], registry, backend="openvino", bits=32)
    prompts = _read_prompts(programs["gpt2"])
    assert len({len(prompt.split()) for prompt in prompts}) > 1
    expected = _write(Path(programs["gpt2"].model), registry, prompts, batch_size=3)
    assert _write(Path(report.model_path), registry, prompts, batch_size=3) == expected


def test_a_model_of_images_is_quantized_to_onnx(
    tmp_path: Path, programs: Mapping[str, TrainingProgram], registry: Registry
) -> None:
    report = _quantize(tmp_path, programs["vit"], registry, backend="onnxruntime", method="static")
    assert report.quality is not None
    assert {"accuracy"} <= set(report.quality.before) & set(report.quality.after)
    pixels = np.random.default_rng(0).standard_normal((2, 3, 8, 8), dtype=np.float32)
    with open_runner(report.model_path, registry, threads=1) as opened:
        found = opened.run({"pixel_values": pixels})["logits"]
    np.testing.assert_allclose(
        found, _open(Path(report.model_path), "model.onnx").run(["logits"], {"pixel_values": pixels})[0]
    )


def test_modules_are_kept_by_their_names_in_the_whole_model(
    tmp_path: Path, programs: Mapping[str, TrainingProgram], registry: Registry
) -> None:
    keep = ["model.encoder", "*.decoder.layers.0.fc1"]
    report = _quantize(tmp_path, programs["marian"], registry, backend="onnxruntime", keep=keep)
    counts = [note for note in report.notes if "products" in note]
    assert [note.partition(":")[0] for note in counts] == list(_ORDER)
    assert [int(note.split(": ")[1].split()[0]) for note in counts] == [0, 10, 8]


def test_a_backend_of_one_onnx_file_is_not_given_several(
    tmp_path: Path, programs: Mapping[str, TrainingProgram], registry: Registry
) -> None:
    class OneFile:
        """Hands on what ONNX Runtime's backend has, but not that it takes other forms."""

        def __init__(self) -> None:
            inner = registry.quantization_backend("onnxruntime")
            for name in ("name", "title", "options", "exporter", "supports", "quantize", "runner"):
                setattr(self, name, getattr(inner, name))

    spec = resolve_here(tmp_path, programs["gpt2"].model, registry=registry, backend="onnxruntime")
    (tmp_path / "work").mkdir()
    ticker = Ticker(lambda _: None, lambda: False)
    maker = ArtifactMaker(spec, Path(spec.model_path), tmp_path / "work", tmp_path / "cache", registry, ticker)
    backend: Any = OneFile()
    made = maker.make(Candidate(backend=backend, options=backend.options()), tmp_path / "made")
    names = {item.name for item in _open(Path(made.path), "model.onnx").get_inputs()}
    assert names == {"input_ids", "attention_mask"}, "no cache"


def test_a_decoder_whose_cache_cannot_be_exported_comes_without_it_and_says_why(
    tmp_path: Path, registry: Registry
) -> None:
    tf: Any = importlib.import_module("transformers")
    sizes = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = tf.MistralConfig(**sizes, num_key_value_heads=2, vocab_size=64, sliding_window=64)
    tf.MistralForCausalLM(config).save_pretrained(tmp_path / "mistral")
    report = quantize_here(tmp_path, tmp_path / "mistral", registry=registry, backend="onnxruntime")
    assert any(note.startswith("The decoder has no cache") and "sliding window" in note for note in report.notes)
    session = _open(Path(report.model_path), "model.onnx")
    assert {item.name for item in session.get_inputs()} <= {"input_ids", "attention_mask", "position_ids"}


def test_the_original_gpt2_is_run_without_kinds_of_tokens(
    programs: Mapping[str, TrainingProgram], registry: Registry
) -> None:
    import torch

    tf: Any = importlib.import_module("transformers")
    tokens = np.array([[3, 4, 5]])
    with open_runner(programs["gpt2"].model, registry, threads=1) as opened:
        found = opened.run({"input_ids": tokens})["logits"]
    model = tf.GPT2LMHeadModel.from_pretrained(programs["gpt2"].model).eval()
    with torch.no_grad():
        expected = model(input_ids=torch.from_numpy(tokens)).logits.numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_an_encoder_decoder_without_a_language_models_head_is_refused_before_it_is_exported(
    tmp_path: Path, programs: Mapping[str, TrainingProgram], registry: Registry
) -> None:
    file = Path(programs["t5"].model) / "config.json"
    before = file.read_text("utf-8")
    try:
        file.write_text(json.dumps(json.loads(before) | {"architectures": ["T5Model"]}), "utf-8")
        with pytest.raises(InputError, match=r"T5Model is an encoder-decoder without a language model's head.*torch"):
            resolve_here(tmp_path, programs["t5"].model, registry=registry, backend="onnxruntime")
    finally:
        file.write_text(before, "utf-8")


_ORDER: Final = ("encoder_model.onnx", "decoder_model.onnx", "decoder_with_past_model.onnx")


def _quantize(folder: Path, program: TrainingProgram, registry: Registry, **config: Any) -> QuantizeReport:
    spec = {
        "dataset_path": program.dataset,
        "data": program.data,
        "task": program.task,
        "calibration_rows": 32,
        "rank_layers": False,
    }
    return quantize_here(folder, program.model, registry=registry, spec=spec, **config)


def _read_prompts(program: TrainingProgram) -> list[str]:
    folder = Path(program.dataset)
    if program.task == "causal-language-modeling":
        lines = (folder / "validation.txt").read_text("utf-8").splitlines()
        return [line for line in lines if line][:5]
    return [json.loads(line)["fa"] for line in (folder / "validation.jsonl").read_text("utf-8").splitlines()[:5]]


def _write(folder: Path, registry: Registry, prompts: list[str], batch_size: int = 1) -> list[str]:
    from contextlib import ExitStack

    from persopt.models.loaded import LoadedModel

    with ExitStack() as stack:
        model = LoadedModel(stack.enter_context(open_runner(folder, registry, threads=1)), stack)
        return model.generate(prompts, max_new_tokens=NEW_TOKENS, batch_size=batch_size)


def _open(folder: Path, name: str) -> Any:
    return onnxruntime.InferenceSession(str(folder / name), providers=["CPUExecutionProvider"])


def _tokenizer(folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)


def _continue_by_hand(folder: Path, prompt: str) -> str:
    """Write on token by token, with the names that Optimum gives inputs and outputs; ends with 1."""
    session, tokenizer = _open(folder, "model.onnx"), _tokenizer(folder)
    new = np.array([tokenizer(prompt)["input_ids"]])
    pasts = {item.name: item.shape for item in session.get_inputs() if item.name.startswith("past_key_values.")}
    assert pasts, "the artifact has a cache"
    cache = {name: np.zeros((1, shape[1], 0, shape[3]), np.float32) for name, shape in pasts.items()}
    seen = 0
    written: list[int] = []
    names = [item.name for item in session.get_outputs()]
    while len(written) < NEW_TOKENS:
        end = seen + new.shape[1]
        given = {"input_ids": new, "attention_mask": np.ones((1, end), np.int64)}
        given["position_ids"] = np.arange(seen, end)[None]
        found = dict(zip(names, session.run(names, given | cache), strict=True))
        cache = {name: found[name.replace("past_key_values", "present")] for name in pasts}
        written.append(int(found["logits"][0, -1].argmax()))
        if written[-1] == 1:
            break
        seen, new = end, np.array([[written[-1]]])
    return str(tokenizer.decode(written, skip_special_tokens=True))


def _translate_by_hand(folder: Path, source: str) -> str:
    """Write a target token by token; begins with 0 and ends with 1."""
    encoder, decoder, with_past = (_open(folder, name) for name in _ORDER)
    tokenizer = _tokenizer(folder)
    ids = np.array([tokenizer(source)["input_ids"]])
    mask = np.ones_like(ids)
    (hidden,) = encoder.run(["last_hidden_state"], {"input_ids": ids, "attention_mask": mask})
    given: dict[str, Any] = {"input_ids": np.array([[0]]), "encoder_attention_mask": mask}
    names = [item.name for item in decoder.get_outputs()]
    found = dict(zip(names, decoder.run(names, given | {"encoder_hidden_states": hidden}), strict=True))
    cache = {name.replace("present", "past_key_values"): value for name, value in found.items() if name != "logits"}
    written = [int(found["logits"][0, -1].argmax())]
    names = [item.name for item in with_past.get_outputs()]
    while len(written) < NEW_TOKENS and written[-1] != 1:
        found = dict(
            zip(names, with_past.run(names, given | {"input_ids": np.array([written[-1:]])} | cache), strict=True)
        )
        cache |= {name.replace("present", "past_key_values"): found[name] for name in names if name != "logits"}
        written.append(int(found["logits"][0, -1].argmax()))
    return str(tokenizer.decode(written, skip_special_tokens=True))


def _make_image_task(folder: Path) -> TrainingProgram:
    """Make the task of telling colours, with rows enough to calibrate on and a model with a head for it."""
    from persopt.models.loading import load_for_task, load_image_processor

    program = make_image_program(folder)
    load_for_task(program.model, program.task, ["blue", "green", "red"]).save_pretrained(folder / "headed")
    load_image_processor(Path(program.model)).save_pretrained(folder / "headed")
    data = make_image_folder(folder / "more", train=12)
    return msgspec.structs.replace(program, model=str(folder / "headed"), dataset=str(data))


def _enlarge(folder: Path, *, writes: bool) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    chance = torch.Generator().manual_seed(4)
    for name, value in tensors.items():
        if writes and value.ndim > 1 and "bias" not in name:
            tensors[name] = torch.randn(value.shape, generator=chance) * 0.6
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
