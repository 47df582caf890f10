"""The tasks as a model knows them: which head, and what makes its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal

from msgspec import Struct

from persopt.domain.programs import TaskName

__all__ = ("HEADS", "Head", "explain_misfit")

ProcessorKind = Literal["tokenizer", "image-processor"]


class Head(Struct, frozen=True, kw_only=True):
    """What a task asks of a model.

    Attributes:
        auto_class: Name of the class of Transformers that loads a model with such a head.
        processor: What makes the model's inputs.
        classifies: Whether the head is made anew for the labels, and trains whole beside a LoRA adapter.
        problem_type: What the configuration calls the problem, if it has a word for it.
        generates: `next` for decoders, `target` for encoder-decoders; None for what writes nothing.
    """

    auto_class: str
    processor: ProcessorKind = "tokenizer"
    classifies: bool = True
    problem_type: Literal["single_label_classification"] | None = None
    generates: Literal["next", "target"] | None = None


_ONE_LABEL: Final = "single_label_classification"
_WRITER: Final = Head(auto_class="AutoModelForSeq2SeqLM", classifies=False, generates="target")

HEADS: Final[Mapping[TaskName, Head]] = MappingProxyType(
    {
        "text-classification": Head(auto_class="AutoModelForSequenceClassification", problem_type=_ONE_LABEL),
        "token-classification": Head(auto_class="AutoModelForTokenClassification"),
        "causal-language-modeling": Head(auto_class="AutoModelForCausalLM", classifies=False, generates="next"),
        "translation": _WRITER,
        "summarization": _WRITER,
        "image-classification": Head(
            auto_class="AutoModelForImageClassification", processor="image-processor", problem_type=_ONE_LABEL
        ),
    }
)

# Encoders that Transformers also builds as decoders; without `is_decoder` they look ahead, and every token is
# told its successor.
_ENCODERS: Final = (
    "bert bert-generation big_bird camembert data2vec-text electra ernie megatron-bert rembert roberta "
    "roberta-prelayernorm roc_bert roformer xlm-roberta xlm-roberta-xl xmod"
)
_WRITERS: Final = (
    "bart bigbird_pegasus blenderbot blenderbot-small encoder-decoder fsmt led longt5 m2m_100 marian mbart mt5 mvp "
    "nllb-moe pegasus pegasus_x plbart prophetnet switch_transformers t5 t5gemma umt5"
)


def explain_misfit(config: Mapping[str, Any], task: TaskName) -> str:
    """Return why a model of this config.json cannot be trained for a task, as far as can be told; else nothing."""
    wanted = HEADS[task].generates
    kind = str(config.get("model_type", ""))
    writes = bool(config.get("is_encoder_decoder", kind in _WRITERS.split()))
    if wanted == "next" and writes:
        return f"{kind!r} is an encoder-decoder; {task} needs a decoder, such as GPT-2 or Llama"
    if wanted == "next" and kind in _ENCODERS.split() and not config.get("is_decoder", False):
        return f"{kind!r} is an encoder, which sees the words it would predict; {task} needs a decoder, such as GPT-2"
    if wanted == "target" and not writes:
        return f"{kind!r} is no encoder-decoder; {task} needs one, such as T5, mBART or Marian"
    return ""
