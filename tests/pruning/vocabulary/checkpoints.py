"""Tiny real checkpoints of each kind of vocabulary, with tokenizers trained on Persian and English text."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from faker import Faker

from persopt.models.quiet import quiet_transformers

_WIDTH: Final = 16
_BERT_SPECIAL: Final = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
_ROBERTA_SPECIAL: Final = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def make_texts(count: int, seed: int) -> list[str]:
    """Make texts of a line each, Persian and English in turn, with names and numbers."""
    Faker.seed(seed)
    persian, english = Faker("fa_IR"), Faker("en_US")
    texts = []
    for index in range(count):
        fake = english if index % 3 == 2 else persian
        texts.append(f"{fake.sentence(6)} {fake.name()}, {fake.city()} {fake.random_int(1, 9999)}")
    return texts


def save_checkpoint(folder: Path, kind: str, **changes: Any) -> Path:
    """Save a tiny model with random weights, biases too, and its trained tokenizer; return the folder.

    Args:
        folder: New.
        kind: One of `KINDS`.
        **changes: Fields of the configuration.
    """
    import torch

    tf: Any = importlib.import_module("transformers")
    folder.mkdir(parents=True)
    with quiet_transformers(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        tokenizer = KINDS[kind](folder, tf, make_texts(300, seed=1))
        config, model_class = _CONFIGS[kind](tf, len(tokenizer))
        for name, value in changes.items():
            setattr(config, name, value)
        model = model_class(config)
        for tensor in model.state_dict().values():
            if tensor.is_floating_point():
                tensor.normal_(std=0.2)
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return folder


def _train_bert(folder: Path, tf: Any, texts: list[str]) -> Any:
    from tokenizers import BertWordPieceTokenizer

    trained = BertWordPieceTokenizer(lowercase=False)
    trained.train_from_iterator(
        texts, vocab_size=900, min_frequency=1, special_tokens=_BERT_SPECIAL, show_progress=False
    )
    tokenizer = tf.BertTokenizer(vocab=trained.get_vocab(), do_lower_case=False)
    vocabulary = sorted(trained.get_vocab(), key=trained.get_vocab().__getitem__)
    (folder / "vocab.txt").write_text("".join(f"{token}\n" for token in vocabulary), "utf-8")
    return tokenizer


def _train_bytes(name: str) -> Callable[[Path, Any, list[str]], Any]:
    def train(folder: Path, tf: Any, texts: list[str]) -> Any:
        from tokenizers import ByteLevelBPETokenizer

        trained = ByteLevelBPETokenizer()
        special = _ROBERTA_SPECIAL if name == "RobertaTokenizer" else ["<|endoftext|>"]
        trained.train_from_iterator(texts, vocab_size=900, special_tokens=special, show_progress=False)
        trained.save_model(str(folder))
        return getattr(tf, name).from_pretrained(folder)

    return train


def _train_sentencepiece(name: str, file: str, **options: Any) -> Callable[[Path, Any, list[str]], Any]:
    def train(folder: Path, tf: Any, texts: list[str]) -> Any:
        import sentencepiece

        given = {"vocab_size": 700, "hard_vocab_limit": False, "minloglevel": 2} | options
        prefix = folder / "trained"
        sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(texts), model_prefix=str(prefix), **given)
        prefix.with_suffix(".vocab").unlink()
        shutil.move(prefix.with_suffix(".model"), folder / file)
        return getattr(tf, name).from_pretrained(folder)

    return train


KINDS: Final[dict[str, Callable[[Path, Any, list[str]], Any]]] = {
    "bert": _train_bert,
    "roberta": _train_bytes("RobertaTokenizer"),
    "gpt2": _train_bytes("GPT2Tokenizer"),
    "llama": _train_sentencepiece("LlamaTokenizer", "tokenizer.model", model_type="bpe", byte_fallback=True),
    "t5": _train_sentencepiece("T5Tokenizer", "spiece.model", pad_id=0, eos_id=1, unk_id=2, bos_id=-1),
    "xlm-roberta": _train_sentencepiece("XLMRobertaTokenizer", "sentencepiece.bpe.model"),
    "mbart": _train_sentencepiece("MBartTokenizer", "sentencepiece.bpe.model"),
}


def _encoder(size: int, **more: Any) -> dict[str, Any]:
    return {
        "vocab_size": size,
        "hidden_size": _WIDTH,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": _WIDTH,
        "max_position_embeddings": 130,
    } | more


_CONFIGS: Final[dict[str, Callable[[Any, int], tuple[Any, Any]]]] = {
    "bert": lambda tf, size: (tf.BertConfig(**_encoder(size)), tf.BertForMaskedLM),
    "roberta": lambda tf, size: (tf.RobertaConfig(**_encoder(size)), tf.RobertaForMaskedLM),
    "gpt2": lambda tf, size: (
        tf.GPT2Config(
            vocab_size=size, n_embd=_WIDTH, n_layer=1, n_head=2, n_positions=130, bos_token_id=0, eos_token_id=0
        ),
        tf.GPT2LMHeadModel,
    ),
    # Rows are padded beyond the tokenizer's tokens, as large models' are.
    "llama": lambda tf, size: (
        tf.LlamaConfig(**_encoder(size + 13), num_key_value_heads=1, tie_word_embeddings=False),
        tf.LlamaForCausalLM,
    ),
    "t5": lambda tf, size: (
        tf.T5Config(vocab_size=size, d_model=_WIDTH, d_kv=8, d_ff=_WIDTH, num_layers=1, num_heads=2),
        tf.T5ForConditionalGeneration,
    ),
    "xlm-roberta": lambda tf, size: (tf.XLMRobertaConfig(**_encoder(size)), tf.XLMRobertaForSequenceClassification),
    "mbart": lambda tf, size: (
        tf.MBartConfig(
            vocab_size=size,
            d_model=_WIDTH,
            encoder_layers=1,
            decoder_layers=1,
            encoder_attention_heads=2,
            decoder_attention_heads=2,
            encoder_ffn_dim=_WIDTH,
            decoder_ffn_dim=_WIDTH,
            max_position_embeddings=130,
        ),
        tf.MBartForConditionalGeneration,
    ),
}
