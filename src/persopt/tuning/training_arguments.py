"""Transformers' training arguments for one trial: nothing saved, nothing reported, nothing printed."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, Final, Literal

import torch
from transformers import TrainingArguments

from persopt.domain.errors import Fault, InputError
from persopt.domain.hyperparameters import HYPERPARAMETERS
from persopt.domain.programs import TrainingOptions
from persopt.tuning.training_plan import TrainingPlan

__all__ = ("argument_name", "build_arguments", "choose_device")

Device = Literal["cpu", "cuda", "mps"]

# Transformers 5.23 renamed some fields; the old names go with 6.
_NEW_NAMES: Final = {"gradient_checkpointing": "activation_checkpointing"}
_OFFERED: Final = frozenset(field.name for field in dataclasses.fields(TrainingArguments))


def argument_name(field: str) -> str:
    """Return the name that a field of the training arguments has in the installed Transformers."""
    new = _NEW_NAMES.get(field, field)
    return new if new in _OFFERED else field


def choose_device(given: str) -> Device:
    """Return the device to train on.

    Raises:
        InputError: if the device asked for is not there.
    """
    there: dict[Device, bool] = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    for device, available in there.items():
        if given == device or (given == "auto" and available):
            if not available:
                names = ", ".join(name for name, here in there.items() if here)
                message = f"{given!r} is not there; this machine has {names}"
                raise InputError(Fault(message=message, path="$.training.device", code="no-device"))
            return device
    raise InputError(f"expected 'auto', 'cpu', 'cuda' or 'mps', got {given!r}", path="$.training.device")


def build_arguments(
    plan: TrainingPlan, options: TrainingOptions, *, steps: int, seed: int, folder: Path
) -> TrainingArguments:
    """Make the arguments of a training.

    Args:
        plan: What the point decides.
        options: What is the same in every trial.
        steps: Optimizer steps of the whole training.
        seed: Of the new head, of dropout and of the order of the rows.
        folder: The trial's folder.

    Raises:
        InputError: for a value that Transformers refuses, or a device that is not there.
    """
    device = choose_device(options.device)
    given = {argument_name(field): value for field, value in plan.arguments.items()}
    fixed: dict[str, Any] = {
        "output_dir": str(folder),
        "per_device_train_batch_size": plan.batch_size,
        "num_train_epochs": plan.epochs,
        "max_steps": steps,
        "per_device_eval_batch_size": options.evaluation_batch_size,
        "seed": seed,
        "data_seed": seed,
        "use_cpu": device == "cpu",
        "dataloader_pin_memory": device == "cuda",
        "eval_strategy": "steps",  # the last step; those before are the callback's to ask for
        "eval_steps": steps,
        "logging_strategy": "no",
        "logging_nan_inf_filter": False,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "remove_unused_columns": False,
    }
    try:
        arguments = TrainingArguments(**(given | fixed))
    except (ValueError, TypeError, ImportError) as error:
        raise InputError(f"refused by Transformers: {error}", path=_path_of(plan, str(error))) from error
    arguments.report_to = []  # Transformers adds one by itself where it finds Kubeflow
    if device == "cuda":
        # A trial has one GPU; left alone, the Trainer splits each batch among all that it sees.
        arguments._n_gpu = 1  # noqa: SLF001
    return arguments


def _path_of(plan: TrainingPlan, message: str) -> str:
    """Return the path of the hyperparameter that a message of Transformers is about, as far as can be told."""
    for item in HYPERPARAMETERS:
        value = plan.arguments.get(item.field)
        if value is not None and (item.field in message or (isinstance(value, str) and value in message)):
            return f"$.config.{item.name}"
    return "$.config"
