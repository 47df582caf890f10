"""Whole checkpoints of each kind of tokenizer, trimmed and loaded as a user loads them."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from persopt.domain.errors import DataError, InputError, ModelError, OutputError
from persopt.models.quiet import quiet_transformers
from persopt.pruning.vocabulary import VocabularyOptions, check_trimming, trim_vocabulary
from tests.pruning.vocabulary.checkpoints import KINDS, make_texts

TEXTS = make_texts(24, seed=5)

# Loads a checkpoint where persopt is not imported, and tells what it makes of a text.
FRESH = """
import sys, torch, transformers
tokenizer = transformers.AutoTokenizer.from_pretrained(sys.argv[1])
model = transformers.AutoModelForMaskedLM.from_pretrained(sys.argv[1])
inputs = tokenizer(sys.argv[2], return_tensors="pt")
with torch.no_grad():
    assert model(**inputs).logits.shape[-1] == len(tokenizer)
assert "persopt" not in sys.modules
print(" ".join(tokenizer.convert_ids_to_tokens(inputs["input_ids"][0].tolist())))
"""


def _load(folder: Path) -> tuple[Any, Any]:
    tf: Any = importlib.import_module("transformers")
    with quiet_transformers():
        tokenizer = tf.AutoTokenizer.from_pretrained(folder)
        name = tf.AutoConfig.from_pretrained(folder).architectures[0]
        return tokenizer, getattr(tf, name).from_pretrained(folder).eval()


def _run(model: Any, inputs: Any) -> Any:
    import torch

    more = {"decoder_input_ids": inputs["input_ids"]} if model.config.is_encoder_decoder else {}
    with torch.no_grad():
        return model(**inputs, **more, output_hidden_states=True)


@pytest.mark.parametrize("kind", KINDS)
def test_pieces_and_outputs_are_the_same(kind: str, vocabulary_models: Callable[[str], Path], tmp_path: Path) -> None:
    import torch

    source, target = vocabulary_models(kind), tmp_path / "trimmed"
    report = trim_vocabulary(source, TEXTS, target)
    assert report.rows_after == report.tokens_after < report.tokens_before <= report.rows_before
    assert (report.changed_texts, report.checked_texts, report.dropped_tokens) == (0, len(TEXTS), 0)
    assert report.left_out == {}
    assert {item.name for item in target.iterdir()} == {item.name for item in source.iterdir()}
    before, old = _load(source)
    after, new = _load(target)
    tokens = sorted(after.get_vocab(), key=after.get_vocab().__getitem__)
    rows = before.convert_tokens_to_ids(tokens)
    for text in TEXTS:
        inputs = before(text, return_tensors="pt")
        trimmed = after(text, return_tensors="pt")
        assert before.convert_ids_to_tokens(inputs["input_ids"][0]) == after.convert_ids_to_tokens(
            trimmed["input_ids"][0]
        )
        one, other = _run(old, inputs), _run(new, trimmed)
        logits = one.logits if kind == "xlm-roberta" else one.logits[..., rows]
        assert torch.equal(logits, other.logits)
        for name in ("hidden_states", "encoder_hidden_states", "decoder_hidden_states"):
            assert all(map(torch.equal, one.get(name) or (), other.get(name) or ()))
    for name in ("pad", "bos", "eos", "unk", "cls", "sep", "mask"):
        token, index = getattr(before, f"{name}_token", None), getattr(old.config, f"{name}_token_id", None)
        assert getattr(after, f"{name}_token", None) == token
        if index is not None:
            assert after.convert_ids_to_tokens(getattr(new.config, f"{name}_token_id")) == (
                before.convert_ids_to_tokens(index)
            )


def test_a_fresh_interpreter_loads_the_result_without_persopt(
    vocabulary_models: Callable[[str], Path], tmp_path: Path
) -> None:
    trim_vocabulary(vocabulary_models("bert"), TEXTS, tmp_path / "trimmed")
    done = subprocess.run(
        [sys.executable, "-c", FRESH, tmp_path / "trimmed", TEXTS[0]], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["[CLS]", *_load(vocabulary_models("bert"))[0].tokenize(TEXTS[0]), "[SEP]"]


def test_sentencepiece_cuts_the_texts_alike_by_its_own_file(
    vocabulary_models: Callable[[str], Path], tmp_path: Path
) -> None:
    import sentencepiece

    for kind, name in (
        ("llama", "tokenizer.model"),
        ("t5", "spiece.model"),
        ("xlm-roberta", "sentencepiece.bpe.model"),
    ):
        trim_vocabulary(vocabulary_models(kind), TEXTS, tmp_path / kind)
        old = sentencepiece.SentencePieceProcessor(model_file=str(vocabulary_models(kind) / name))
        new = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / kind / name))
        assert new.vocab_size() < old.vocab_size()
        for text in TEXTS:
            assert new.encode(text, out_type=str) == old.encode(text, out_type=str)


def test_a_class_that_normalizes_otherwise_than_the_file_and_the_file_both_keep_their_pieces(
    vocabulary_models: Callable[[str], Path], tmp_path: Path
) -> None:
    from tokenizers import Tokenizer

    source = Path(shutil.copytree(vocabulary_models("xlm-roberta"), tmp_path / "model"))
    content = json.loads((source / "tokenizer.json").read_bytes())
    content["normalizer"] = {"type": "Lowercase"}
    (source / "tokenizer.json").write_text(json.dumps(content))
    trim_vocabulary(source, TEXTS, tmp_path / "trimmed", VocabularyOptions(keep_single_characters=False))
    plain = [Tokenizer.from_file(str(folder / "tokenizer.json")) for folder in (source, tmp_path / "trimmed")]
    before, after = _load(source)[0], _load(tmp_path / "trimmed")[0]
    assert any(plain[0].encode(text).tokens != before(text).tokens() for text in TEXTS)
    for text in TEXTS:
        assert plain[1].encode(text).tokens == plain[0].encode(text).tokens
        assert after(text).tokens() == before(text).tokens()


def test_the_report_reads_sizes_from_the_disk_and_the_input_stays(
    vocabulary_models: Callable[[str], Path], tmp_path: Path
) -> None:
    source = vocabulary_models("gpt2")
    kept = {file.name: file.read_bytes() for file in source.iterdir()}
    report = trim_vocabulary(source, TEXTS, tmp_path / "out" / "trimmed")
    size = (tmp_path / "out" / "trimmed" / "model.safetensors").stat().st_size
    assert report.weight_bytes_after == size < report.weight_bytes_before == len(kept["model.safetensors"])
    assert report.parameters_before - report.parameters_after == (report.rows_before - report.rows_after) * 16
    assert 0 < report.tokenizer_bytes_after < report.tokenizer_bytes_before
    assert {file.name: file.read_bytes() for file in source.iterdir()} == kept
    assert [item.name for item in (tmp_path / "out").iterdir()] == ["trimmed"]
    assert report.trimmed
    assert Path(report.output_path) == tmp_path / "out" / "trimmed"


def test_pairs_and_streams_are_read(vocabulary_models: Callable[[str], Path], tmp_path: Path) -> None:
    pairs = [(TEXTS[0], TEXTS[1]), [TEXTS[2]]]
    one = trim_vocabulary(vocabulary_models("bert"), pairs, tmp_path / "pairs")
    other = trim_vocabulary(vocabulary_models("bert"), iter(TEXTS[:3]), tmp_path / "stream")
    assert (one.corpus_texts, one.checked_texts, other.checked_texts) == (3, 3, 3)
    assert (tmp_path / "pairs" / "vocab.txt").read_bytes() == (tmp_path / "stream" / "vocab.txt").read_bytes()


def test_a_limit_gives_up_the_least_used_tokens(vocabulary_models: Callable[[str], Path], tmp_path: Path) -> None:
    source = vocabulary_models("xlm-roberta")
    everything = trim_vocabulary(source, TEXTS, tmp_path / "all")
    size = everything.tokens_after - 40
    options = VocabularyOptions(max_size=size)
    limited = trim_vocabulary(source, TEXTS, tmp_path / "limited", options)
    assert (limited.tokens_after, limited.rows_after) == (size, size)
    assert limited.dropped_tokens == 40
    assert 0 < limited.changed_texts <= limited.checked_texts
    rare = trim_vocabulary(source, TEXTS, tmp_path / "rare", VocabularyOptions(min_count=3))
    assert rare.tokens_after < everything.tokens_after
    assert rare.changed_texts > 0
    strict = VocabularyOptions(min_count=3, keep_single_characters=False)
    spelled = trim_vocabulary(source, TEXTS, tmp_path / "strict", strict)
    assert spelled.unknown_words_after > rare.unknown_words_after == rare.unknown_words_before


def test_a_corpus_that_uses_every_token_leaves_all_as_it_was(
    vocabulary_models: Callable[[str], Path], tmp_path: Path
) -> None:
    source = vocabulary_models("gpt2")
    tokens = list(json.loads((source / "vocab.json").read_bytes()))
    report = trim_vocabulary(source, TEXTS, tmp_path / "all", VocabularyOptions(keep_tokens=tokens))
    assert not report.trimmed
    assert report.tokens_after == report.tokens_before
    assert (tmp_path / "all" / "model.safetensors").read_bytes()[-4096:] == (source / "model.safetensors").read_bytes()[
        -4096:
    ]


@pytest.mark.parametrize(
    ("corpus", "message"),
    [
        ([], "no text"),
        ([""], "no token"),
        ("one text", "one string"),
        ([["a", 1]], "row 0 of the corpus"),
        ([None], "expected a text"),
    ],
)
def test_a_corpus_that_is_none_is_refused(
    corpus: Any, message: str, vocabulary_models: Callable[[str], Path], tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        trim_vocabulary(vocabulary_models("bert"), corpus, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_corpus_that_cannot_be_read_again_is_not_the_outputs_fault(
    vocabulary_models: Callable[[str], Path], tmp_path: Path
) -> None:
    class Vanishing:
        reads = 0

        def __iter__(self) -> Iterator[str]:
            self.reads += 1
            if self.reads > 1:
                raise FileNotFoundError("gone")
            yield from TEXTS

    with pytest.raises(DataError, match="could be read once, but not again: gone"):
        trim_vocabulary(vocabulary_models("bert"), Vanishing(), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_options_that_cannot_be_met_are_refused(vocabulary_models: Callable[[str], Path], tmp_path: Path) -> None:
    source = vocabulary_models("bert")
    with pytest.raises(InputError, match=r"maxSize: 10 is too few: .* have to stay"):
        trim_vocabulary(source, TEXTS, tmp_path / "out", VocabularyOptions(max_size=10))
    with pytest.raises(InputError, match="keepTokens: '##zzzz' is not a token") as caught:
        check_trimming(source, source / "inside", VocabularyOptions(keep_tokens=["##zzzz"]))
    assert [fault.path for fault in caught.value.faults] == ["$.outputPath", "$.keepTokens"]


def test_folders_that_are_in_use_are_refused(model: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="lies inside the model's folder"):
        check_trimming(model, model)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is a file"):
        check_trimming(model, tmp_path / "file")
    with pytest.raises(InputError, match="is in use"):
        check_trimming(model, tmp_path)
    with pytest.raises(OutputError, match="cannot be written"):
        trim_vocabulary(model, TEXTS, tmp_path / "file" / "out")


def test_models_that_cannot_be_trimmed_are_refused(model: Path, tmp_path: Path) -> None:
    config = json.loads((model / "config.json").read_bytes())

    def check(message: str, **fields: Any) -> None:
        (model / "config.json").write_text(json.dumps(config | fields))
        with pytest.raises(ModelError, match=message):
            check_trimming(model, tmp_path / "out")

    check("is quantized", quantization_config={"quant_method": "bitsandbytes", "load_in_8bit": True})
    check("two vocabularies", tgt_vocab_size=5)
    check("where config.json asks for", vocab_size=901)
    check("no GPT2LMHeadModel can be built", activation_function="no such thing")
    (model / "config.json").write_text(json.dumps(config))
    content = json.loads((model / "tokenizer.json").read_bytes())
    content["model"]["dropout"] = 0.1
    (model / "tokenizer.json").write_text(json.dumps(content))
    with pytest.raises(ModelError, match="dropout"):
        check_trimming(model, tmp_path / "out")
    (model / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match="cannot be read"):
        check_trimming(model, tmp_path / "out")
    (model / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"no tokenizer\.json"):
        check_trimming(model, tmp_path / "out")
    assert not (tmp_path / "out").exists()
