"""The quickstart's model: a small Persian encoder, untrained, with a tokenizer made from the texts."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from persopt.models.saving import save_model

__all__ = ("make_quickstart_model", "persian_normalizer")

_DIGITS = {digit: str(value) for digits in ("۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩") for value, digit in enumerate(digits)}
_LETTERS = {"ي": "ی", "ى": "ی", "ك": "ک", "ة": "ه", "ۀ": "ه", "أ": "ا", "إ": "ا", "ؤ": "و"}
_HALF_SPACE = "\u200c"
_INVISIBLE = "[\u200b\u200d-\u200f\u202a-\u202e\u2066-\u2069\ufeff\u0640]"  # marks of direction, tatweel
_VOWELS = "[\u064b-\u065f\u0670]"
_ALPHABET = "0123456789ءآابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی"
_SPREAD = 0.07  # of the first weights; the usual 0.02 is for wide models, narrow ones learn slowly from it
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def persian_normalizer() -> Any:
    """Return a `tokenizers` normalizer that writes Persian in one way.

    Arabic forms of letters become the Persian ones, Persian and Arabic digits become 0-9, the half-space
    becomes a space (people write one, the other, or neither), vowel marks, tatweel and marks of direction go.
    """
    from tokenizers import Regex, normalizers

    exchanges = [normalizers.Replace(given, written) for given, written in (_DIGITS | _LETTERS).items()]
    return normalizers.Sequence(
        [
            normalizers.NFKC(),
            *exchanges,
            normalizers.Replace(_HALF_SPACE, " "),
            normalizers.Replace(Regex(_INVISIBLE), ""),
            normalizers.Replace(Regex(_VOWELS), ""),
            normalizers.Lowercase(),
            normalizers.Strip(),
        ]
    )


def make_quickstart_model(
    folder: Path,
    texts: Iterable[str],
    seed: int = 0,
    *,
    vocabulary: int = 2000,
    hidden_size: int = 128,
    layers: int = 2,
) -> Path:
    """Save an untrained BERT encoder of about a million parameters with a BPE tokenizer.

    Args:
        folder: Where the checkpoint goes, as safetensors; new or empty.
        texts: What the tokenizer's vocabulary is learned from.
        seed: Seed of the weights.
        vocabulary: Most tokens of the vocabulary.
        hidden_size: Width of the encoder; a multiple of 32.
        layers: Number of its layers.

    Returns:
        The folder, absolute, which `from_pretrained` loads.

    Raises:
        OutputError: if the folder is not empty or cannot be written.
    """
    import torch
    from transformers import BertConfig, BertModel

    tokenizer = _train_tokenizer(texts, vocabulary)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = BertModel(
            BertConfig(
                vocab_size=len(tokenizer),
                hidden_size=hidden_size,
                num_hidden_layers=layers,
                num_attention_heads=hidden_size // 32,
                intermediate_size=4 * hidden_size,
                initializer_range=_SPREAD,
                max_position_embeddings=64,
                pad_token_id=tokenizer.pad_token_id,
            )
        )
    return save_model(model, tokenizer, folder)


def _train_tokenizer(texts: Iterable[str], vocabulary: int) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    # BPE with a mark before each word: the trainer of WordPiece breaks ties differently in every run.
    inner = Tokenizer(models.BPE(unk_token="[UNK]"))  # noqa: S106 - not a password
    inner.normalizer = persian_normalizer()
    inner.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(),
            pre_tokenizers.Punctuation(),
            pre_tokenizers.Digits(individual_digits=True),
        ]
    )
    inner.decoder = decoders.Metaspace()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(_SPECIAL),
        initial_alphabet=list(_ALPHABET),
        show_progress=False,
    )
    inner.train_from_iterator(texts, trainer)
    inner.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(token, inner.token_to_id(token)) for token in ("[CLS]", "[SEP]")],
    )
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=inner,
        model_max_length=64,
        pad_token="[PAD]",  # noqa: S106
        unk_token="[UNK]",  # noqa: S106
        cls_token="[CLS]",  # noqa: S106
        sep_token="[SEP]",  # noqa: S106
        mask_token="[MASK]",  # noqa: S106
    )
