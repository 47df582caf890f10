"""Tiny real checkpoints: a model of each architecture with a tokenizer trained on a few words."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Final

ARCHITECTURES: Final = ("bert", "distilbert", "roberta", "albert", "gpt2")
_SENTENCES: Final = ["good film", "bad film", "the man saw the good dog", "a very bad day", "این فیلم خوب است"] * 5
_SIZE: Final = 32
_PAD, _UNK, _CLS, _SEP = "[PAD]", "[UNK]", "[CLS]", "[SEP]"


def make_tokenizer(kind: str = "bert") -> Any:
    """Return a small fast tokenizer: WordPiece, or byte-level BPE for the architectures that use it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    fast: Any = importlib.import_module("transformers").PreTrainedTokenizerFast
    special = [_PAD, _UNK, _CLS, _SEP]
    if kind in ("roberta", "gpt2"):
        backend = Tokenizer(models.BPE())
        backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        backend.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer: Any = trainers.BpeTrainer(
            vocab_size=400, special_tokens=special, initial_alphabet=alphabet, show_progress=False
        )
    else:
        backend = Tokenizer(models.WordPiece(unk_token=_UNK))
        backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        trainer = trainers.WordPieceTrainer(vocab_size=200, special_tokens=special, show_progress=False)
    backend.train_from_iterator(_SENTENCES, trainer)
    if kind == "gpt2":
        return fast(tokenizer_object=backend, eos_token=_SEP, model_max_length=64)
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return fast(
        tokenizer_object=backend,
        pad_token=_PAD,
        unk_token=_UNK,
        cls_token=_CLS,
        sep_token=_SEP,
        model_max_length=64,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"][:: 1 if kind in ("bert", "albert") else 2],
    )


def make_config(kind: str, vocabulary: int) -> Any:
    """Return a configuration of a model with two layers of width 32."""
    # Any: the configurations' types do not take what a mapping spreads
    tf: Any = importlib.import_module("transformers")
    common = {"vocab_size": vocabulary, "pad_token_id": 0}
    encoder = common | {
        "hidden_size": _SIZE,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": _SIZE,
        "max_position_embeddings": 64,
    }
    match kind:
        case "bert":
            return tf.BertConfig(**encoder)
        case "roberta":
            return tf.RobertaConfig(**encoder | {"max_position_embeddings": 65, "type_vocab_size": 1})
        case "albert":
            return tf.AlbertConfig(**encoder, embedding_size=_SIZE)
        case "distilbert":
            return tf.DistilBertConfig(
                **common, dim=_SIZE, n_layers=2, n_heads=2, hidden_dim=_SIZE, max_position_embeddings=64
            )
        case _:
            return tf.GPT2Config(
                vocab_size=vocabulary, n_embd=_SIZE, n_layer=2, n_head=2, n_positions=64, eos_token_id=3, bos_token_id=3
            )


def save_tiny(folder: Path, kind: str = "bert", **changes: Any) -> Path:
    """Save a tiny checkpoint (a body without a head) and its tokenizer; return the folder.

    Args:
        folder: New.
        kind: One of `ARCHITECTURES`.
        **changes: Fields of the configuration.
    """
    import torch
    from transformers import AutoModel

    from persopt.models.quiet import quiet_transformers

    tokenizer = make_tokenizer(kind)
    config = make_config(kind, len(tokenizer))
    for name, value in changes.items():
        setattr(config, name, value)
    with quiet_transformers(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        AutoModel.from_config(config).save_pretrained(folder)  # type: ignore[no-untyped-call]
        tokenizer.save_pretrained(folder)
    return folder
