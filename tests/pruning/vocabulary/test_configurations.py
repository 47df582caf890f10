from __future__ import annotations

import importlib
from typing import Any

import pytest

from persopt.domain.errors import ModelError
from persopt.pruning.vocabulary.configurations import (
    change_config,
    find_named_ids,
    find_vocabulary_size,
    resize_config,
)

IDS = {0: 0, 2: 1, 5: 2, 90: 3}


def test_ids_that_cannot_be_missed_are_found_wherever_they_stand() -> None:
    config = {
        "pad_token_id": 0,
        "eos_token_id": [2, 5],
        "bos_token_id": None,
        "cls_token_id": -1,
        "image_token_index": 7,
        "text_config": {"mask_token_id": 11},
        "lang_to_id": {"<|fa|>": 12},
        "forced_decoder_ids": [[1, 13], [2, None]],
        "suppress_tokens": [40],
        "id2label": {"0": "pad_token_id"},
        "vocab_size": 100,
        "token_ids_are_not_here": 3,
    }
    assert find_named_ids(config) == {0, 2, 5, 7, 11, 12, 13}


def test_every_kind_of_field_gets_the_new_ids() -> None:
    raw = {
        "vocab_size": 100,
        "type_vocab_size": 100,
        "eos_token_id": [5, 90],
        "pad_token_id": -1,
        "sep_token_id": 400,
        "suppress_tokens": [2, 3, 90],
        "begin_suppress_tokens": [3],
        "forced_decoder_ids": [[1, 5], [2, None]],
        "bad_words_ids": [[2], [3, 5], [5, 90]],
        "force_words_ids": [[[2], [3]], [5]],
        "sequence_bias": [[[90], 1.5], [[3], 2.0]],
        "lang_to_id": {"fa": 90},
        "text_config": {"vocab_size": 100, "bos_token_id": 2, "hidden_size": 100},
        "use_cache": True,
        "top_k": 2,
    }
    assert change_config(raw, raw, IDS, (100, 4)) == {
        "vocab_size": 4,
        "type_vocab_size": 100,
        "eos_token_id": [2, 3],
        "pad_token_id": -1,
        "sep_token_id": 400,
        "suppress_tokens": [1, 3],
        "begin_suppress_tokens": None,
        "forced_decoder_ids": [[1, 2], [2, None]],
        "bad_words_ids": [[1], [2, 3]],
        "force_words_ids": [[[1]], [2]],
        "sequence_bias": [[[3], 1.5]],
        "lang_to_id": {"fa": 3},
        "text_config": {"vocab_size": 4, "bos_token_id": 1, "hidden_size": 100},
        "use_cache": True,
        "top_k": 2,
    }


def test_a_default_that_changes_is_written_out_and_another_is_not() -> None:
    raw = {"model_type": "x"}
    effective = raw | {"vocab_size": 100, "eos_token_id": 5, "pad_token_id": 0, "inner": {"bos_token_id": 2, "a": 1}}
    assert change_config(raw, effective, IDS, (100, 4)) == raw | {
        "vocab_size": 4,
        "eos_token_id": 2,
        "inner": {"bos_token_id": 1},
    }


def test_the_size_alone_can_be_changed() -> None:
    given = {"vocab_size": 100, "eos_token_id": 5, "inner": {"vocab_size": 100, "type_vocab_size": 100}}
    assert resize_config(given, (100, 108)) == {
        "vocab_size": 108,
        "eos_token_id": 5,
        "inner": {"vocab_size": 108, "type_vocab_size": 100},
    }


def test_the_size_is_that_of_the_text_and_a_second_vocabulary_is_refused() -> None:
    tf: Any = importlib.import_module("transformers")
    assert find_vocabulary_size(tf.BertConfig(vocab_size=77)) == 77
    assert find_vocabulary_size(tf.MarianConfig(vocab_size=77, decoder_vocab_size=77)) == 77
    with pytest.raises(ModelError, match=r"two vocabularies .*decoder_vocab_size: 50"):
        find_vocabulary_size(tf.MarianConfig(vocab_size=77, decoder_vocab_size=50))
    with pytest.raises(ModelError, match="second table of tokens"):
        find_vocabulary_size(tf.BertConfig(vocab_size=77, vocab_size_per_layer_input=77))
    with pytest.raises(ModelError, match="no vocabulary"):
        find_vocabulary_size(tf.ViTConfig())
