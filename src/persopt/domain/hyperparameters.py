"""The hyperparameters that the trainer takes, by the names that users write.

Each becomes a field of `transformers.TrainingArguments`, a field of the model's configuration, a setting of the
tokenized data or of the LoRA adapter; a test holds the table against the installed Transformers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from persopt.domain.errors import Fault
from persopt.domain.names import list_choices, suggest
from persopt.domain.space import ParameterSpec, Scalar

__all__ = ("HYPERPARAMETERS", "Hyperparameter", "find_hyperparameter")

Kind = Literal["int", "float", "str", "bool"]


class Hyperparameter(Struct, frozen=True):
    """One hyperparameter: where it goes, what it accepts.

    Attributes:
        name: As users write it, camelCase.
        kind: Type of its values.
        target: What takes it: `arguments` (training arguments), `model` (configuration), `data` or
            `adapter` (LoRA).
        field: Field of the target.
        low: Lowest value.
        high: Highest value.
        open_low: The lowest value itself is not accepted.
        open_high: The highest value itself is not accepted.
        choices: The words that it accepts, where it is a word.
    """

    name: str
    kind: Kind
    target: Literal["arguments", "model", "data", "adapter"]
    field: str
    low: float | None = None
    high: float | None = None
    open_low: bool = False
    open_high: bool = False
    choices: tuple[str, ...] = ()

    @staticmethod
    def names() -> list[str]:
        """Return the names of all hyperparameters."""
        return [item.name for item in HYPERPARAMETERS]

    @property
    def accepted(self) -> str:
        """The accepted values in words, such as `a float in (0, 1]`."""
        if self.choices:
            return list_choices(self.choices)
        article = "an int" if self.kind == "int" else f"a {self.kind}"
        if self.low is None and self.high is None:
            return article
        if self.high is None:
            return f"{article} {'above' if self.open_low else 'of at least'} {self.low:g}"
        return (
            f"{article} in {'(' if self.open_low else '['}{self.low:g}, {self.high:g}{')' if self.open_high else ']'}"
        )

    def check_value(self, value: Scalar, path: str) -> Iterator[Fault]:
        """Give a fault if a value is of another type or out of range."""
        if not self._has_kind(value) or self._is_outside(value):
            near = suggest(value, self.choices) if isinstance(value, str) else ""
            yield Fault(path=path, message=f"expected {self.accepted}, got {value!r}{near}")

    def check_range(self, spec: ParameterSpec, path: str) -> Iterator[Fault]:
        """Give a fault for each end of a range that this hyperparameter does not accept."""
        if self.kind in ("str", "bool"):
            yield Fault(path=path, message=f"expected a list of choices ({self.accepted} each), got a range")
            return
        if spec.type is not None and spec.type != self.kind:
            yield Fault(path=f"{path}.type", message=f"expected {self.kind!r}, got {spec.type!r}")
        for end, value in (("min", spec.min), ("max", spec.max)):
            if value is not None:
                yield from self.check_value(value, f"{path}.{end}")

    def _has_kind(self, value: Scalar) -> bool:
        if isinstance(value, bool) or self.kind == "bool":
            return isinstance(value, bool) and self.kind == "bool"
        if self.kind == "int":
            return isinstance(value, int)
        if self.kind == "float":
            return isinstance(value, int | float)
        return isinstance(value, str)

    def _is_outside(self, value: Scalar) -> bool:
        if isinstance(value, str):
            return bool(self.choices) and value not in self.choices
        below = self.low is not None and (value < self.low or (self.open_low and value == self.low))
        above = self.high is not None and (value > self.high or (self.open_high and value == self.high))
        return below or above


def _argument(name: str, kind: Kind, field: str, low: float | None = None, high: float | None = None) -> Hyperparameter:
    return Hyperparameter(name, kind, "arguments", field, low, high)


# Those of Transformers that need neither further settings nor another package.
_SCHEDULERS = (
    "linear",
    "cosine",
    "cosine_with_restarts",
    "polynomial",
    "constant",
    "constant_with_warmup",
    "inverse_sqrt",
)
_OPTIMIZERS = ("adamw_torch", "adamw_torch_fused", "adafactor", "sgd", "adagrad", "rmsprop")

HYPERPARAMETERS: tuple[Hyperparameter, ...] = (
    Hyperparameter("learningRate", "float", "arguments", "learning_rate", low=0, open_low=True, high=10),
    _argument("batchSize", "int", "per_device_train_batch_size", low=1),
    _argument("epochs", "int", "num_train_epochs", low=1),
    _argument("warmupSteps", "int", "warmup_steps", low=0),
    _argument("weightDecay", "float", "weight_decay", low=0, high=10),
    Hyperparameter("dropout", "float", "model", "dropout", low=0, high=1, open_high=True),
    Hyperparameter("attentionDropout", "float", "model", "attention_dropout", low=0, high=1, open_high=True),
    Hyperparameter("classifierDropout", "float", "model", "classifier_dropout", low=0, high=1, open_high=True),
    Hyperparameter("maxLength", "int", "data", "max_length", low=2),
    _argument("gradientAccumulationSteps", "int", "gradient_accumulation_steps", low=1),
    _argument("maxGradNorm", "float", "max_grad_norm", low=0),
    _argument("labelSmoothingFactor", "float", "label_smoothing_factor", low=0, high=1),
    Hyperparameter("adamBeta1", "float", "arguments", "adam_beta1", low=0, high=1, open_high=True),
    Hyperparameter("adamBeta2", "float", "arguments", "adam_beta2", low=0, high=1, open_high=True),
    Hyperparameter("adamEpsilon", "float", "arguments", "adam_epsilon", low=0, open_low=True),
    Hyperparameter("lrSchedulerType", "str", "arguments", "lr_scheduler_type", choices=_SCHEDULERS),
    Hyperparameter("optim", "str", "arguments", "optim", choices=_OPTIMIZERS),
    _argument("neftuneNoiseAlpha", "float", "neftune_noise_alpha", low=0),
    _argument("bf16", "bool", "bf16"),
    _argument("gradientCheckpointing", "bool", "gradient_checkpointing"),
    Hyperparameter("loraRank", "int", "adapter", "rank", low=0),
    Hyperparameter("loraAlpha", "float", "adapter", "alpha", low=0, open_low=True),
    Hyperparameter("loraDropout", "float", "adapter", "dropout", low=0, high=1, open_high=True),
    Hyperparameter("loraTargets", "str", "adapter", "targets", choices=("all-linear", "attention")),
)


def find_hyperparameter(name: str) -> Hyperparameter | None:
    """Return the hyperparameter of a name, or None."""
    return next((item for item in HYPERPARAMETERS if item.name == name), None)
