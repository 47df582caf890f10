"""`persopt.load`: texts, pairs, images and sentences in; labels with probabilities or texts out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

import persopt
from persopt.models.generation import count_positions
from persopt.models.manifest import Source, write_manifest
from persopt.models.onnx_export import export_onnx
from persopt.models.quiet import quiet_transformers
from tests.models.tiny import make_config, make_tokenizer

TEXTS = ["good film", "a very bad day", "the man saw the good dog", "bad"]
t: Any = transformers  # its types leave out the fields of base classes


def _save(folder: Path, kind: str, head: str, **changes: Any) -> tuple[Any, Any]:
    tokenizer = make_tokenizer(kind)
    config = make_config(kind, len(tokenizer))
    for name, value in changes.items():
        setattr(config, name, value)
    with quiet_transformers(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = getattr(t, head)(config).eval()
        for parameter in model.parameters():
            parameter.data.normal_(0, 0.3)
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return model, tokenizer


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any, Any]:
    folder = tmp_path_factory.mktemp("models") / "judge"
    names = {0: "bad", 1: "good", 2: "neither"}
    return folder, *_save(folder, "bert", "BertForSequenceClassification", id2label=names, num_labels=3)


def test_texts_and_pairs_are_classified_as_the_model_does(judge: tuple[Path, Any, Any], tmp_path: Path) -> None:
    folder, model, tokenizer = judge
    with persopt.load(folder, threads=1, home=tmp_path) as loaded:
        found = loaded(TEXTS, batch_size=3)
        pairs = loaded(TEXTS, TEXTS[::-1], max_length=6)
        assert loaded.labels == ["bad", "good", "neither"]
        assert (loaded.task, loaded.format) == ("text-classification", "safetensors")
        assert loaded([]).labels == []
    for text, other, row in zip(TEXTS, TEXTS[::-1], range(4), strict=True):
        with torch.no_grad():
            alone = model(**tokenizer(text, return_tensors="pt")).logits[0]
            both = model(**tokenizer(text, other, return_tensors="pt", truncation=True, max_length=6)).logits[0]
        np.testing.assert_allclose(found.logits[row], alone, atol=1e-5)
        np.testing.assert_allclose(found.probabilities[row], alone.softmax(-1), atol=1e-6)
        np.testing.assert_allclose(pairs.logits[row], both, atol=1e-5)
        assert found.labels[row] == ["bad", "good", "neither"][alone.argmax()]


def test_an_export_is_loaded_alike(judge: tuple[Path, Any, Any], tmp_path: Path) -> None:
    folder, model, tokenizer = judge
    export_onnx(model, tmp_path / "onnx", exporter="torchscript")
    tokenizer.save_pretrained(tmp_path / "onnx")
    with persopt.load(folder, home=tmp_path) as one, persopt.load(tmp_path / "onnx", threads=1, home=tmp_path) as other:
        assert other.format == "onnx"
        np.testing.assert_allclose(other(TEXTS).logits, one(TEXTS).logits, atol=1e-5)


def test_words_are_tagged(tmp_path: Path) -> None:
    names = {0: "N", 1: "V", 2: "D"}
    model, tokenizer = _save(tmp_path / "m", "bert", "BertForTokenClassification", id2label=names, num_labels=3)
    sentences = [["the", "gooda", "saw"], ["bad"]]
    with persopt.load(tmp_path / "m", home=tmp_path) as loaded:
        found = loaded.tag(sentences)
        with pytest.raises(persopt.errors.ModelError, match=r"does not classify whole texts or images \(use tag\)"):
            loaded(["good"])
    assert [len(row) for row in found] == [3, 1]
    encoded = tokenizer([sentences[0]], is_split_into_words=True, return_tensors="pt")
    assert len(encoded.word_ids(0)) > 5, "a word of several tokens has the label of its first"
    firsts = [encoded.word_ids(0).index(word) for word in range(3)]
    with torch.no_grad():
        best = model(**encoded).logits[0].argmax(-1)
    assert found[0] == [names[int(best[place])] for place in firsts]


def test_prompts_of_several_lengths_are_written_on(tmp_path: Path) -> None:
    model, tokenizer = _save(tmp_path / "m", "gpt2", "GPT2LMHeadModel")
    export_onnx(model, tmp_path / "onnx", cache=True)
    tokenizer.save_pretrained(tmp_path / "onnx")
    with persopt.load(tmp_path / "m", home=tmp_path) as one, persopt.load(tmp_path / "onnx", home=tmp_path) as other:
        found = one.generate(TEXTS, max_new_tokens=6, batch_size=3)
        assert other.generate(TEXTS, max_new_tokens=6) == found
        with pytest.raises(persopt.errors.ModelError, match="use generate"):
            one(TEXTS)
    for text, written in zip(TEXTS, found, strict=True):
        ids = tokenizer(text, return_tensors="pt")
        whole = model.generate(**ids, do_sample=False, max_new_tokens=6, pad_token_id=0)[0, ids["input_ids"].shape[1] :]
        assert written == tokenizer.decode(whole, skip_special_tokens=True)


def test_writing_ends_where_the_positions_end_whatever_runs_it(tmp_path: Path) -> None:
    model, tokenizer = _save(tmp_path / "m", "gpt2", "GPT2LMHeadModel", n_positions=16)
    export_onnx(model, tmp_path / "onnx", cache=True)
    tokenizer.save_pretrained(tmp_path / "onnx")
    ids = tokenizer(TEXTS[0], return_tensors="pt")
    room = 16 - ids["input_ids"].shape[1]
    whole = model.generate(**ids, do_sample=False, max_new_tokens=room, pad_token_id=0)[0, ids["input_ids"].shape[1] :]
    for name in ("m", "onnx"):
        with persopt.load(tmp_path / name, home=tmp_path) as loaded:
            assert loaded.generate(TEXTS[:1], max_new_tokens=50) == [tokenizer.decode(whole, skip_special_tokens=True)]
            with pytest.raises(
                persopt.errors.ModelError, match=r"has 16 positions, and the longest prompt has \d\d+ tokens"
            ):
                loaded.generate([" ".join(TEXTS * 8)])


def test_positions_that_are_computed_end_nowhere() -> None:
    assert count_positions(t.GPT2Config(n_positions=7)) == 7
    assert count_positions(t.BartConfig(max_position_embeddings=9)) == 9
    assert count_positions(t.LlamaConfig()) is None
    assert count_positions(t.T5Config()) is None
    assert count_positions(t.BloomConfig()) is None


def test_images_are_classified(tmp_path: Path) -> None:
    from PIL import Image

    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 20}
    config = t.ViTConfig(**sizes, image_size=8, patch_size=4, id2label={0: "dark", 1: "bright"})
    t.ViTForImageClassification(config).save_pretrained(tmp_path / "m")
    from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

    processor: Any = ViTImageProcessorPil
    processor(size={"height": 8, "width": 8}).save_pretrained(tmp_path / "m")
    images = [Image.new("RGB", (9, 7), colour) for colour in ("white", "black")]
    images[0].save(tmp_path / "white.png")
    with persopt.load(tmp_path / "m", home=tmp_path) as loaded:
        found = loaded([tmp_path / "white.png", images[1]])
        again = loaded(images, batch_size=1)
    np.testing.assert_allclose(found.logits, again.logits, atol=1e-6)
    assert np.abs(found.logits[0] - found.logits[1]).max() > 1e-3


def test_what_is_wrong_is_told(judge: tuple[Path, Any, Any], tmp_path: Path) -> None:
    folder = judge[0]
    errors = persopt.errors
    with pytest.raises(errors.InputError, match="device: expected 'cpu' or 'cuda', got 'tpu'"):
        persopt.load(folder, device="tpu")  # type: ignore[arg-type]
    with pytest.raises(errors.InputError, match="threads: expected at least 1, got 0"):
        persopt.load(folder, threads=0)
    with pytest.raises(errors.ModelError, match=r"path: no model 'no/such/model'"):
        persopt.load("no/such/model", home=tmp_path)
    loaded = persopt.load(folder, home=tmp_path)
    with pytest.raises(errors.InputError, match=r"expected a list of texts, got one text"):
        loaded("good film")
    with pytest.raises(errors.InputError, match="as many second texts as first ones, got 1 for 4"):
        loaded(TEXTS, ["one"])
    with pytest.raises(errors.ModelError, match="writes nothing"):
        loaded.generate(TEXTS)
    with pytest.raises(errors.ModelError, match="does not classify tokens, but does text-classification"):
        loaded.tag([["good"]])
    loaded.close()
    loaded.close()
    with pytest.raises(errors.ModelError, match="is closed"):
        loaded(TEXTS)


def test_an_artifact_of_a_backend_that_is_not_here_names_the_package(
    judge: tuple[Path, Any, Any], tmp_path: Path
) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "weights.bin").write_bytes(b"weights")
    source = Source(path=str(judge[0]))
    write_manifest(tmp_path / "made", format="lamp", backend="lamp", plugin="persopt-lamp 1.0", config={}, model=source)
    with pytest.raises(persopt.errors.ModelError, match="`pip install persopt-lamp`"):
        persopt.load(tmp_path / "made", home=tmp_path)
