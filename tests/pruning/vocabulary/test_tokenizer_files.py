from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from persopt.pruning.vocabulary.source import read_tokenizer
from persopt.pruning.vocabulary.tokenizer_files import trim_tokenizer, write_tokenizer_files
from tests.pruning.vocabulary.sources import make_source, select


def _tokenizer() -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = ["[UNK]", "red", "[CLS]", "green", "[SEP]", "blue"]
    tokenizer = Tokenizer(models.WordPiece({word: index for index, word in enumerate(words)}))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.add_special_tokens(["[CLS]", "[SEP]", "[PAD]"])
    tokenizer.add_tokens(["new word"])
    tokenizer.enable_padding(pad_id=6, pad_token="[PAD]")  # noqa: S106 - the name of a token
    return tokenizer


def _processors() -> dict[str, Any]:
    from tokenizers import processors

    template = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 4)])
    return {
        "template": template,
        "bert": processors.BertProcessing(("[SEP]", 4), ("[CLS]", 2)),
        "roberta": processors.RobertaProcessing(("[SEP]", 4), ("[CLS]", 2)),
        "sequence": processors.Sequence([processors.ByteLevel(), template]),
    }


@pytest.mark.parametrize("name", ["template", "bert", "roberta", "sequence"])
def test_every_id_in_the_file_is_the_new_one(name: str) -> None:
    from tokenizers import Tokenizer

    tokenizer = _tokenizer()
    tokenizer.post_processor = _processors()[name]
    source = make_source(tokenizer)
    selection = select(source, ["blue"], keep_single_characters=False)
    trimmed = Tokenizer.from_str(json.dumps(trim_tokenizer(source, selection.tokens)))
    assert trimmed.get_vocab() == selection.tokens
    assert selection.rows == [0, 2, 4, 5, 6, 7]
    one, other = (each.encode_batch(["blue new word", "blue blue blue"]) for each in (tokenizer, trimmed))
    for before, after in zip(one, other, strict=True):
        assert before.tokens == after.tokens
        assert [selection.ids[index] for index in before.ids] == after.ids
    assert one[0].tokens[-1] == "[PAD]"


def test_slow_files_that_are_not_of_the_tokenizer_are_left_out(
    vocabulary_models: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    source = read_tokenizer(vocabulary_models("gpt2"))
    for name in ("vocab.json", "merges.txt"):
        (folder / name).write_bytes((vocabulary_models("gpt2") / name).read_bytes())
    (folder / "vocab.txt").write_text("other\nwords\n")
    (folder / "tokenizer.model").write_bytes(b"no model")
    (folder / "spiece.model").write_bytes((vocabulary_models("t5") / "spiece.model").read_bytes())
    (folder / "added_tokens.json").write_text('{"<|endoftext|>": 899, "gone": 3}')
    config = {"added_tokens_decoder": {"899": {"content": "<|endoftext|>"}}, "extra": 1}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    tokens = select(source, ["این"]).tokens
    (tmp_path / "one").mkdir()
    left_out = write_tokenizer_files(source, folder, tmp_path / "one", tokens)
    assert left_out.keys() == {"vocab.txt", "tokenizer.model", "spiece.model"}
    end = tokens["<|endoftext|>"]
    assert json.loads((tmp_path / "one" / "added_tokens.json").read_bytes()) == {"<|endoftext|>": end}
    assert json.loads((tmp_path / "one" / "tokenizer_config.json").read_bytes()) == {
        "added_tokens_decoder": {str(end): {"content": "<|endoftext|>"}},
        "extra": 1,
    }
    (folder / "merges.txt").write_text("#version: 0.2\na b\n")
    (tmp_path / "two").mkdir()
    assert {"vocab.json", "merges.txt"} <= write_tokenizer_files(source, folder, tmp_path / "two", tokens).keys()
    assert not (tmp_path / "two" / "vocab.json").exists()
