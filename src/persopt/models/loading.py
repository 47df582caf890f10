"""Loading a checkpoint for a task: tokenizer or image processor, configuration, model with the task's head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from persopt.domain.errors import ModelError
from persopt.domain.programs import TaskName
from persopt.models.description import describe_model
from persopt.models.dropout import apply_dropout
from persopt.models.heads import HEADS, explain_misfit
from persopt.models.quiet import quiet_transformers

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

__all__ = ("load_config", "load_for_task", "load_image_processor", "load_processor", "load_tokenizer")

_LOCAL: Final[dict[str, Any]] = {"local_files_only": True, "trust_remote_code": False}


def load_processor(folder: Path | str, task: TaskName) -> Any:
    """Load what makes the inputs of a model: its tokenizer, or for images its image processor.

    Raises:
        ModelError: if it cannot be loaded, or is not one of the fast tokenizers where the task needs one.
    """
    if HEADS[task].processor == "image-processor":
        return load_image_processor(folder)
    return load_tokenizer(folder, fast=HEADS[task].generates != "target")


def load_image_processor(folder: Path | str) -> Any:
    """Load the image processor of a checkpoint in its form that needs Pillow and no torchvision.

    Raises:
        ModelError: if it cannot be loaded.
    """
    from transformers import AutoImageProcessor

    try:
        with quiet_transformers():
            loader: Any = AutoImageProcessor
            return loader.from_pretrained(str(folder), backend="pil", **_LOCAL)
    except (OSError, ValueError, KeyError, TypeError, ImportError, AttributeError) as error:
        raise ModelError(f"the image processor in {folder} cannot be loaded: {_first_line(error)}") from error


def load_tokenizer(folder: Path | str, *, fast: bool = True) -> PreTrainedTokenizerBase:
    """Load the tokenizer of a checkpoint.

    One without a padding token pads with its end-of-text token; its `model_max_length` is at most what the
    model beside it takes.

    Args:
        folder: The checkpoint.
        fast: Refuse a tokenizer that has no fast form.

    Raises:
        ModelError: if it cannot be loaded, or is not one of the fast tokenizers.
    """
    from transformers import AutoTokenizer

    try:
        with quiet_transformers():
            tokenizer: Any = AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError, TypeError, ImportError) as error:
        raise ModelError(f"the tokenizer in {folder} cannot be loaded: {_first_line(error)}") from error
    if fast and not tokenizer.is_fast:
        raise ModelError(f"the tokenizer in {folder} has no fast form; expected one with a tokenizer.json")
    if tokenizer.pad_token is None:
        if tokenizer.eos_token is None:
            raise ModelError(f"the tokenizer in {folder} has neither a padding nor an end-of-text token")
        tokenizer.pad_token = tokenizer.eos_token
    longest = describe_model(Path(folder)).max_tokens
    tokenizer.model_max_length = min(tokenizer.model_max_length, longest or tokenizer.model_max_length)
    return tokenizer  # type: ignore[no-any-return]


def load_config(folder: Path | str) -> PreTrainedConfig:
    """Load the configuration of a checkpoint.

    Raises:
        ModelError: if it cannot be loaded, or its architecture is not one of Transformers.
    """
    from transformers import AutoConfig

    try:
        with quiet_transformers():
            config: PreTrainedConfig = AutoConfig.from_pretrained(str(folder), **_LOCAL)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"the configuration in {folder} cannot be loaded: {_first_line(error)}") from error
    return config


def load_for_task(
    folder: Path | str, task: TaskName, labels: Sequence[str], overrides: Mapping[str, float] | None = None
) -> PreTrainedModel:
    """Load a checkpoint as a float32 model with the task's head, on the CPU, in evaluation mode.

    The weights are mapped from the file, so that processes that load the same checkpoint share its pages.
    What the checkpoint has no weights for (a new head, or one for another number of labels) is drawn from
    torch's global generator: seed it first.

    Args:
        folder: The checkpoint.
        task: Decides the kind of head.
        labels: Names of the classes in the order of their ids; none for tasks without classes.
        overrides: Dropouts by `dropout`, `attention_dropout`, `classifier_dropout`; they reach the layers.

    Raises:
        ModelError: if the model cannot be loaded, is not made for such a task, lacks weights of its body, or
            has no layer with a dropout that is asked for.
    """
    import torch
    import transformers

    head = HEADS[task]
    config = load_config(folder)
    misfit = explain_misfit(config.to_dict(), task)
    if misfit:
        raise ModelError(f"{folder}: {misfit}")
    if head.classifies:
        config.id2label = dict(enumerate(labels))
        config.label2id = {label: index for index, label in enumerate(labels)}
        if head.problem_type is not None:
            config.problem_type = head.problem_type
    if head.processor == "tokenizer" and getattr(config, "pad_token_id", None) is None:
        config.pad_token_id = load_tokenizer(folder, fast=False).pad_token_id
    model_class = getattr(transformers, head.auto_class)
    if type(config) not in model_class._model_mapping:  # noqa: SLF001 - Transformers has no public way to ask
        raise ModelError(f"{folder}: architecture {config.model_type!r} has no head for {task}")
    with quiet_transformers():
        apply_dropout(config, model_class, overrides or {})
        try:
            model, report = model_class.from_pretrained(
                str(folder),
                config=config,
                dtype=torch.float32,
                use_safetensors=True,
                ignore_mismatched_sizes=True,
                output_loading_info=True,
                **_LOCAL,
            )
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            if isinstance(error, torch.OutOfMemoryError):
                raise
            raise ModelError(f"the model in {folder} cannot be loaded: {_first_line(error)}") from error
    _check_body(folder, model, report, classifies=head.classifies)
    return model  # type: ignore[no-any-return]


def _check_body(folder: Path | str, model: Any, report: Mapping[str, Any], *, classifies: bool) -> None:
    """Refuse a checkpoint that leaves parts of the body at random; a pooler may be new, like a classifier's head."""
    prefix = f"{model.base_model_prefix}." if classifies else ""
    mismatched = {key[0] if isinstance(key, tuple) else key for key in report["mismatched_keys"]}
    lacking = sorted(
        key for key in {*report["missing_keys"], *mismatched} if key.startswith(prefix) and "pooler" not in key
    )
    if lacking:
        kind = "of another shape" if lacking[0] in mismatched else "missing"
        raise ModelError(
            f"the weights in {folder} do not fit its config.json: {lacking[0]} is {kind} "
            f"({len(lacking)} such tensors); save model and configuration together with `save_pretrained`"
        )


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
