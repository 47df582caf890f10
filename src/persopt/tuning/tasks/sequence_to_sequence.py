"""Translation and summarization, judged by what the model writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

from persopt.data.tasks.sequence_to_sequence import language_id, set_languages
from persopt.data.tokenization import IGNORED
from persopt.domain.objectives import Objective
from persopt.tuning.tasks.base import Judge, JudgeRequest, TuningTask

if TYPE_CHECKING:
    from torch import nn

__all__ = ("SequenceToSequence",)

_SCORES: Final = ("bleu", "chrf", "rouge1", "rouge2", "rougeL")


class SequenceToSequence(TuningTask):
    """The model writes each text of the validation split by beam search (`numBeams`, `maxNewTokens`).

    `loss` is the mean over the targets' tokens, each predicted from the true ones before it; the others are of what
    the model writes by itself, see `persopt.tuning.text_scores`.

    Args:
        objective: What a search reaches for by default.
    """

    metrics = ("loss", *_SCORES)

    def __init__(self, objective: Objective) -> None:
        self._objective = objective

    @property
    @override
    def objective(self) -> Objective:
        """What a search reaches for when nothing is said."""
        return self._objective

    @override
    def fit_model(self, network: Any, request: JudgeRequest) -> None:
        """Tell a model of many languages which it writes, for now and when it is loaded again."""
        program, tokenizer = request.program, request.processor
        set_languages(tokenizer, program.data, program.task)
        code = getattr(tokenizer, "tgt_lang", None)
        if code is None:
            return
        token = language_id(tokenizer, code)
        if network.config.decoder_start_token_id is None:  # mBART begins with the language
            network.config.decoder_start_token_id = network.generation_config.decoder_start_token_id = token
        network.generation_config.forced_bos_token_id = token

    @override
    def complete_inputs(self, network: Any, inputs: dict[str, Any]) -> None:
        """Add what the decoder reads: the targets, shifted right."""
        inputs["decoder_input_ids"] = network.prepare_decoder_input_ids_from_labels(labels=inputs["labels"])
        inputs["use_cache"] = False

    @override
    def open_judge(self, request: JudgeRequest) -> Judge:
        """Begin to write."""
        return _Judge(request)


class _Judge(Judge):
    def __init__(self, request: JudgeRequest) -> None:
        self._tokenizer = request.processor
        options = request.program.training
        # What a model with absolute positions cannot read, it cannot write; it begins with one token.
        longest = min(options.max_new_tokens, self._tokenizer.model_max_length - 1)
        self._settings = {"num_beams": options.num_beams, "max_new_tokens": longest, "do_sample": False}
        self._loss = 0.0
        self._tokens = 0
        self._written: list[str] = []
        self._references: list[str] = []

    @override
    def add(self, network: nn.Module, inputs: dict[str, Any]) -> None:
        from persopt.tuning.losses import total_loss

        labels, references = inputs.pop("labels"), inputs.pop("references")
        self._loss += float(total_loss(network(**inputs).logits, labels))
        self._tokens += int((labels != IGNORED).sum())
        sources = {name: inputs[name] for name in ("input_ids", "attention_mask")}
        written = network.generate(**sources, **self._settings)  # type: ignore[operator]
        self._written += [text.strip() for text in self._tokenizer.batch_decode(written, skip_special_tokens=True)]
        self._references += references

    @override
    def compute(self) -> dict[str, float]:
        from persopt.tuning.text_scores import score_texts

        if not self._tokens:
            raise ValueError("nothing was judged")
        return {"loss": self._loss / self._tokens, **score_texts(self._written, self._references)}
