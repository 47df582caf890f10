"""What an open model says of a text, by what it is for."""

from __future__ import annotations

from typing import Final

from persopt.domain.errors import ModelError
from persopt.domain.predictions import LabelProbability, ModelPrediction, TokenLabel
from persopt.models.loaded import LoadedModel

__all__ = ("predict",)

_MOST_LABELS: Final = 10
_MOST_TOKENS: Final = 64


def predict(name: str, model: LoadedModel, text: str, text_pair: str | None = None) -> ModelPrediction:
    """Return the likeliest classes, the tags of the words, or what the model writes.

    Args:
        name: What the model is called in the answer.
        model: The model.
        text: The text; for tagging it is cut at white space into words.
        text_pair: The second text of a pair.

    Raises:
        ModelError: if the model takes no such input.
    """
    task = model.task
    if text_pair is not None and task != "text-classification":
        raise ModelError(f"takes no second text: it does {task or 'no known task'}", path="$.textPair")
    if "pixel_values" in model.inputs:
        raise ModelError("takes images, not texts")
    if task == "text-classification":
        chances = model([text], None if text_pair is None else [text_pair]).probabilities[0]
        ranked = sorted(zip(model.labels, chances.tolist(), strict=True), key=lambda item: -item[1])
        best = [LabelProbability(label=label, probability=min(1.0, chance)) for label, chance in ranked[:_MOST_LABELS]]
        return ModelPrediction(model=name, task=task, labels=best)
    if task == "token-classification":
        words = text.split()
        tags = model.tag([words])[0] if words else []
        tokens = [TokenLabel(token=word, label=tag) for word, tag in zip(words, tags, strict=False)]
        return ModelPrediction(model=name, task=task, tokens=tokens)
    (written,) = model.generate([text], max_new_tokens=_MOST_TOKENS)
    return ModelPrediction(model=name, task=task, text=written)
