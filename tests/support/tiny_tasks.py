"""Tiny programs of the tasks beyond classification of texts, each with a tiny model of its kind."""

from __future__ import annotations

import importlib
import json
import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from persopt.domain.programs import DataSpec, TaskName, TrainingOptions, TrainingProgram
from persopt.models.quiet import quiet_transformers

__all__ = (
    "DICTIONARY",
    "make_image_folder",
    "make_image_model",
    "make_image_program",
    "make_language_model",
    "make_language_program",
    "make_pair_program",
    "make_word_tokenizer",
    "make_writer",
)

DICTIONARY: Final[Mapping[str, str]] = {
    "گربه": "cat",
    "سگ": "dog",
    "سرخ": "red",
    "سبز": "green",
    "یک": "one",
    "دو": "two",
}
_PAD, _END, _UNKNOWN = "<pad>", "</s>", "<unk>"
_WIDTH: Final = 32
_COLOURS: Final = {"red": (200, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 200)}


def make_word_tokenizer(words: Iterable[str], *, ends: bool = False) -> Any:
    """Return a tokenizer of whole words: 0 pads, 1 ends, 2 is unknown. With `ends` it puts an end after each text."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    fast: Any = importlib.import_module("transformers").PreTrainedTokenizerFast
    vocabulary = {word: index for index, word in enumerate([_PAD, _END, _UNKNOWN, *dict.fromkeys(words)])}
    backend = Tokenizer(models.WordLevel(vocabulary, unk_token=_UNKNOWN))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    if ends:
        backend.post_processor = processors.TemplateProcessing(single=f"$A {_END}", special_tokens=[(_END, 1)])
    return fast(tokenizer_object=backend, pad_token=_PAD, eos_token=_END, unk_token=_UNKNOWN, model_max_length=64)


def make_language_model(folder: Path, words: Iterable[str], kind: str = "gpt2", layers: int = 1) -> Path:
    """Save a tiny decoder: `gpt2` or `llama`."""
    tf: Any = importlib.import_module("transformers")
    tokenizer = make_word_tokenizer(words)
    common = {"vocab_size": len(tokenizer), "pad_token_id": 0, "eos_token_id": 1, "bos_token_id": 1}
    if kind == "gpt2":
        config = tf.GPT2Config(**common, n_embd=_WIDTH, n_layer=layers, n_head=2, n_positions=64)
    else:
        config = tf.LlamaConfig(
            **common,
            hidden_size=_WIDTH,
            intermediate_size=_WIDTH,
            num_hidden_layers=layers,
            num_attention_heads=2,
            max_position_embeddings=64,
        )
    return _save(folder, tf.AutoModelForCausalLM, config, tokenizer)


def make_language_program(folder: Path, kind: str = "gpt2", layers: int = 1, **options: Any) -> TrainingProgram:
    """Make a task of telling which word follows: numbers that count up, in documents of other lengths."""
    chance = random.Random(3)
    words = [f"w{number}" for number in range(10)]
    texts = []
    for _ in range(50):
        start = chance.randint(0, 9)
        texts.append(" ".join(words[(start + step) % 10] for step in range(chance.randint(1, 9))))
    files = folder / "data"
    files.mkdir(parents=True)
    (files / "train.txt").write_text("\n".join(texts[:40]), "utf-8")
    (files / "validation.txt").write_text("\n".join(texts[40:]), "utf-8")
    model = make_language_model(folder / "model", words, kind, layers)
    data = DataSpec(text_columns=["text"], max_length=8)
    return _program(folder, model, files, "causal-language-modeling", data, options)


def make_writer(folder: Path, words: Iterable[str], kind: str = "t5", layers: int = 1) -> Path:
    """Save a tiny encoder-decoder: `t5`, `marian`, or `mbart` (the one of fifty languages)."""
    tf: Any = importlib.import_module("transformers")
    if kind == "mbart":
        return _make_mbart(folder, words)
    tokenizer = make_word_tokenizer(words, ends=True)
    common = {"vocab_size": len(tokenizer), "pad_token_id": 0, "eos_token_id": 1, "decoder_start_token_id": 0}
    if kind == "t5":
        config = tf.T5Config(**common, d_model=_WIDTH, d_kv=16, d_ff=_WIDTH, num_layers=layers, num_heads=2)
    else:
        config = tf.MarianConfig(
            **common,
            d_model=_WIDTH,
            encoder_layers=layers,
            decoder_layers=layers,
            encoder_attention_heads=2,
            decoder_attention_heads=2,
            encoder_ffn_dim=_WIDTH,
            decoder_ffn_dim=_WIDTH,
            max_position_embeddings=64,
            forced_eos_token_id=None,
        )
    return _save(folder, tf.AutoModelForSeq2SeqLM, config, tokenizer)


def _make_mbart(folder: Path, words: Iterable[str]) -> Path:
    tf: Any = importlib.import_module("transformers")
    pieces = ["<s>", _PAD, _END, _UNKNOWN, *(f"\u2581{word}" for word in dict.fromkeys(words))]
    tokenizer = tf.MBart50Tokenizer(vocab=[(piece, -1.0) for piece in pieces], model_max_length=64)
    config = tf.MBartConfig(
        vocab_size=len(tokenizer),
        pad_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=2,
        d_model=_WIDTH,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=_WIDTH,
        decoder_ffn_dim=_WIDTH,
        max_position_embeddings=64,
    )
    return _save(folder, tf.AutoModelForSeq2SeqLM, config, tokenizer)


def make_pair_program(
    folder: Path,
    task: TaskName = "translation",
    kind: str = "t5",
    data: DataSpec | None = None,
    layers: int = 1,
    **options: Any,
) -> TrainingProgram:
    """Make a task of translating a Persian word that is said four or five times."""
    chance = random.Random(5)
    rows = []
    for _ in range(60):
        source = [chance.choice(list(DICTIONARY))] * chance.randint(4, 5)
        rows.append({"fa": " ".join(source), "en": " ".join(DICTIONARY[word] for word in source)})
    files = folder / "data"
    files.mkdir(parents=True)
    _write(files / "train.jsonl", rows[:48])
    _write(files / "validation.jsonl", rows[48:])
    model = make_writer(folder / "model", ["to:", *DICTIONARY, *DICTIONARY.values()], kind, layers)
    spec = data or DataSpec(text_columns=["fa"], label_column="en", max_length=16)
    return _program(folder, model, files, task, spec, {"max_new_tokens": 8} | options)


def make_image_folder(folder: Path, train: int = 8, validation: int = 4) -> Path:
    """Write images of noisy colours: `train` and `validation` of each of three classes."""
    from PIL import Image

    chance = random.Random(11)
    for split, count in (("train", train), ("validation", validation)):
        for name, colour in _COLOURS.items():
            place = folder / split / name
            place.mkdir(parents=True)
            for number in range(count):
                image = Image.new("RGB", (9, 7))
                noise = [[max(0, min(255, part + chance.randint(-25, 25))) for part in colour] for _ in range(63)]
                image.putdata([tuple(pixel) for pixel in noise])
                image.save(place / f"{number}.png")
    return folder


def make_image_model(folder: Path, layers: int = 1) -> Path:
    """Save a tiny ViT (the body) with its image processor."""
    tf: Any = importlib.import_module("transformers")
    config = tf.ViTConfig(
        hidden_size=_WIDTH,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=_WIDTH,
        image_size=8,
        patch_size=4,
    )
    return _save(folder, tf.AutoModel, config, tf.ViTImageProcessorPil(size={"height": 8, "width": 8}))


def make_image_program(folder: Path, layers: int = 1, rows: int = 8, **options: Any) -> TrainingProgram:
    """Make a task of telling colours."""
    files = make_image_folder(folder / "data", rows)
    data = DataSpec(text_columns=["image"], label_column="label")
    return _program(folder, make_image_model(folder / "model", layers), files, "image-classification", data, options)


def _save(folder: Path, auto: Any, config: Any, processor: Any) -> Path:
    import torch

    with quiet_transformers(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        auto.from_config(config).save_pretrained(folder)
        processor.save_pretrained(folder)
    return folder


def _program(
    folder: Path, model: Path, files: Path, task: TaskName, data: DataSpec, options: Mapping[str, Any]
) -> TrainingProgram:
    given: dict[str, Any] = {"device": "cpu", "evaluation_batch_size": 8} | dict(options)
    return TrainingProgram(
        model=str(model),
        dataset=str(files),
        task=task,
        data=data,
        training=TrainingOptions(**given),
        cache=str(folder / "cache"),
    )


def _write(file: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
