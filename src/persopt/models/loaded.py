"""A model that is ready for texts and images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from persopt.domain.errors import InputError, ModelError
from persopt.domain.programs import TaskName
from persopt.models.generation import count_positions, load_generation_config, write_greedily
from persopt.models.quiet import quiet_transformers
from persopt.models.runners import OpenedModel

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

__all__ = ("LoadedModel", "Prediction")


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What a classifier says of some rows.

    Attributes:
        labels: The likeliest class of each row, by name.
        probabilities: Of each class, (rows, classes), in float32; a row's sum is 1.
        logits: What they come from, of the same shape.
    """

    labels: list[str]
    probabilities: np.ndarray[Any, Any]
    logits: np.ndarray[Any, Any]


class LoadedModel:
    """A checkpoint or an artifact, open until `close` or the end of a `with` block.

    Not for several threads at once.

    Args:
        opened: The model.
        stack: What is closed with it.
    """

    def __init__(self, opened: OpenedModel, stack: ExitStack) -> None:
        self._opened: Final = opened
        self._stack: Final = stack
        self._is_closed = False

    def __call__(
        self,
        rows: Sequence[str | Path | Image],
        others: Sequence[str] | None = None,
        *,
        batch_size: int = 16,
        max_length: int | None = None,
    ) -> Prediction:
        """Classify texts, pairs of texts, or images.

        Args:
            rows: The texts; or images, or paths of their files.
            others: The second texts of pairs.
            batch_size: Rows of a call.
            max_length: Tokens after which a text is cut; by default what the model takes.

        Raises:
            InputError: if there are not as many second texts as first ones, or there is one text where many are meant.
            ModelError: if the model does not classify.
        """
        import numpy as np

        if isinstance(rows, str):
            raise InputError("expected a list of texts, got one text", hint="write model([text])")
        if others is not None and len(others) != len(rows):
            raise InputError(f"expected as many second texts as first ones, got {len(others)} for {len(rows)}")
        found = []
        for start in range(0, len(rows), batch_size):
            end = start + batch_size
            if "pixel_values" in self.inputs:
                inputs = self._see(rows[start:end])
            else:
                pair = None if others is None else list(others[start:end])
                inputs = self._tokenize(list(rows[start:end]), pair, max_length=max_length)
            found.append(self._classify(inputs))
        names = self.labels
        logits = np.concatenate(found) if found else np.zeros((0, len(names)), "float32")
        chances = np.exp(logits - logits.max(-1, keepdims=True)) if len(logits) else logits
        chances = chances / chances.sum(-1, keepdims=True)
        return Prediction(labels=[names[i] for i in logits.argmax(-1)], probabilities=chances, logits=logits)

    def tag(
        self, rows: Sequence[Sequence[str]], *, batch_size: int = 16, max_length: int | None = None
    ) -> list[list[str]]:
        """Return the label of each word of sentences, by a model that classifies tokens.

        Words that lie beyond what the model takes have none: the list is shorter.

        Args:
            rows: Sentences as lists of words.
            batch_size: Sentences of a call.
            max_length: Tokens after which a sentence is cut; by default what the model takes.

        Raises:
            ModelError: if the model does not classify tokens.
        """
        if self.task != "token-classification":
            raise ModelError(f"{self.path} does not classify tokens, but does {self.task or 'no known task'}")
        names, found = self.labels, []
        for part in _batches(rows, batch_size):
            encoded = self._tokenize([list(row) for row in part], is_split_into_words=True, max_length=max_length)
            best = self.run(encoded)["logits"].argmax(-1)
            for row in range(len(part)):
                words = encoded.word_ids(row)
                firsts = [i for i, word in enumerate(words) if word is not None and word not in words[:i]]
                found.append([names[best[row, i]] for i in firsts])
        return found

    def generate(self, rows: Sequence[str], *, max_new_tokens: int = 64, batch_size: int = 16) -> list[str]:
        """Return what the model writes, always the likeliest next token: after the texts, or as their targets.

        Args:
            rows: Prompts of a decoder, or the texts that an encoder-decoder answers.
            max_new_tokens: At most so many, and no more than the model has positions for, the prompt's included.
            batch_size: Rows of a call.

        Raises:
            ModelError: if the model does not write, or a prompt leaves no position.
        """
        kind = self._opened.generates
        if kind is None:
            raise ModelError(f"{self.path} writes nothing; expected a decoder or an encoder-decoder")
        settings = load_generation_config(self.path, self.config)
        if settings.pad_token_id is None:
            settings.pad_token_id = self.processor.pad_token_id
        found = []
        for part in _batches(rows, batch_size):
            inputs = self._tokenize(list(part), padding_side="left" if kind == "next" else "right")
            count = self._limit(max_new_tokens, inputs["input_ids"].shape[1] if kind == "next" else 0)
            with quiet_transformers():
                ids = write_greedily(self._opened.runner, dict(inputs), settings, kind=kind, max_new_tokens=count)
            new = ids[:, inputs["input_ids"].shape[1] :] if kind == "next" else ids
            found += self.processor.batch_decode(new, skip_special_tokens=True)
        return found

    def _limit(self, wanted: int, prompt: int) -> int:
        """Return how many tokens can be written after a prompt of so many."""
        positions = count_positions(self.config)
        if positions is None:
            return wanted
        if prompt >= positions:
            raise ModelError(f"{self.path} has {positions} positions, and the longest prompt has {prompt} tokens")
        return min(wanted, positions - prompt)

    def run(self, inputs: Mapping[str, np.ndarray[Any, Any]]) -> Mapping[str, np.ndarray[Any, Any]]:
        """Return the outputs of the model itself for one batch, by name.

        Args:
            inputs: As the Transformers model takes them, in NumPy; names that it does not know are left out.
        """
        if self._is_closed:
            raise ModelError(f"{self.path} is closed")
        return self._opened.run(inputs)

    @property
    def path(self) -> Path:
        """Its folder."""
        return self._opened.path

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs that `run` takes."""
        return self._opened.inputs

    @property
    def config(self) -> Any:
        """Its configuration, as Transformers loads it."""
        return self._opened.config

    @property
    def processor(self) -> Any:
        """Its tokenizer or image processor."""
        return self._opened.processor

    @property
    def format(self) -> str:
        """`safetensors`, `onnx`, `openvino` or whatever its backend calls its own."""
        return self._opened.format

    @property
    def task(self) -> TaskName | None:
        """What it does, if that can be told."""
        return self._opened.task

    @property
    def labels(self) -> list[str]:
        """Names of its classes in the order of their ids."""
        names = self.config.id2label
        return [str(names[key]) for key in sorted(names)]

    @property
    def size(self) -> int:
        """Bytes of its weights on the disk."""
        return self._opened.size

    def close(self) -> None:
        """Give up what the model holds; closing twice is fine."""
        self._is_closed = True
        self._stack.close()

    def __enter__(self) -> Self:
        """Return the model."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the model."""
        self.close()

    def _tokenize(self, texts: list[Any], others: list[str] | None = None, **settings: Any) -> Any:
        return self.processor(texts, others, truncation=True, padding=True, return_tensors="np", **settings)

    def _see(self, rows: Sequence[Any]) -> Any:
        from PIL import Image

        images = [Image.open(row).convert("RGB") if isinstance(row, str | Path) else row for row in rows]
        return self.processor(images=images, return_tensors="np")

    def _classify(self, inputs: Mapping[str, np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
        logits = self.run(inputs).get("logits")
        if logits is None or logits.ndim != 2:  # noqa: PLR2004 - rows and classes
            tags = self.task == "token-classification"
            hint = "use tag" if tags else "use generate" if self._opened.generates else "use run"
            raise ModelError(f"{self.path} does not classify whole texts or images", hint=hint)
        return logits.astype("float32")


def _batches(rows: Sequence[Any], size: int) -> Iterator[list[Any]]:
    left = iter(rows)
    while part := list(islice(left, size)):
        yield part
