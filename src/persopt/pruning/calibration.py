"""Gathering on a data set what a method needs, for the tensors of a checkpoint by their names there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persopt.domain.errors import ModelError
from persopt.domain.programs import TrainingOptions, TrainingProgram
from persopt.domain.prune_specs import PruneSpec
from persopt.plugins.contracts.pruning import ParameterContext
from persopt.pruning.selection import SelectedTensor

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ("choose_device", "gather_contexts", "gather_units")


def gather_contexts(
    spec: PruneSpec,
    selected: Sequence[SelectedTensor],
    needs: frozenset[str],
    cache: Path,
    on_batch: Callable[[], None] = lambda: None,
) -> dict[str, ParameterContext]:
    """Return for each chosen tensor what the method needs of it.

    Args:
        spec: Resolved: with data set, task and columns.
        selected: The tensors.
        needs: `gradients`, `activations` or both.
        cache: Folder of tokenized data.
        on_batch: Called before each batch; may raise to end the work.

    Raises:
        DataError: if the data cannot be used.
        ModelError: if the model cannot be loaded for the task, has no trained head where gradients are needed, or
            lacks a layer of the checkpoint.
    """
    from persopt.pruning.statistics import gather_activation_norms, gather_gradients

    model, batches = _open(spec, cache, with_labels="gradients" in needs)
    names = _model_names(model, selected)
    wanted = list(names.values())
    gradients, norms = {}, {}
    try:
        if "gradients" in needs:
            gradients = gather_gradients(model, batches(), wanted, on_batch)
        if "activations" in needs:
            norms = gather_activation_norms(model, batches(), wanted, on_batch)
    except LookupError as error:
        raise ModelError(f"{spec.model_path}: {error}; exclude it", path="$.config.exclude") from None
    contexts = {}
    for one in selected:
        name = names[one.name]
        gradient = gradients.get(name)
        if gradient is not None and one.transposed:
            gradient = gradient.t()
        contexts[one.name] = ParameterContext(name=one.name, gradient=gradient, activation_norms=norms.get(name))
    return contexts


def gather_units(
    spec: PruneSpec,
    names: Sequence[str],
    needs: frozenset[str],
    cache: Path,
    on_batch: Callable[[], None] = lambda: None,
) -> dict[str, ParameterContext]:
    """Return, for the parameters of a whole model, what the method needs of them.

    What the model for the task does not have (the head of another task) or does not use has no entry.

    Args:
        spec: Resolved: with data set, task and columns.
        names: Of the model's parameters, biases, norms and embeddings too.
        needs: `gradients`, `activations` or both.
        cache: Folder of tokenized data.
        on_batch: Called before each batch; may raise to end the work.

    Raises:
        DataError: if the data cannot be used.
        ModelError: if the model cannot be loaded for the task.
    """
    from persopt.pruning.statistics import gather_gradients, gather_input_norms

    model, batches = _open(spec, cache, with_labels="gradients" in needs)
    known = {name for name, _ in model.named_parameters()}
    places = {name: found for name in names if (found := _model_name(model, known, name)) is not None}
    gradients = gather_gradients(model, batches(), places.values(), on_batch) if "gradients" in needs else {}
    norms = gather_input_norms(model, batches(), on_batch) if "activations" in needs else {}
    return {
        name: ParameterContext(name=name, gradient=gradients.get(place), activation_norms=norms.get(place))
        for name, place in places.items()
        if place in gradients or place in norms
    }


def _open(
    spec: PruneSpec, cache: Path, *, with_labels: bool
) -> tuple[PreTrainedModel, Callable[[], Iterator[dict[str, Any]]]]:
    import torch

    from persopt.data.batches import LengthSortedSampler, PaddingCollator, read_lengths
    from persopt.data.tokenized import tokenized_dataset
    from persopt.models.loading import load_for_task, load_tokenizer

    if spec.task is None:
        raise ValueError("the spec is not resolved: it has no task")
    tokenizer = load_tokenizer(spec.model_path)
    program = TrainingProgram(
        model=spec.model_path,
        dataset=spec.dataset_path,
        task=spec.task,
        data=spec.data,
        training=TrainingOptions(),
        cache=str(cache),
        seed=spec.seed,
    )
    data = tokenized_dataset(program, spec.data.max_length, tokenizer)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(spec.seed)
        model = load_for_task(spec.model_path, spec.task, data.labels)
    device = choose_device(spec.device)
    model.to(device)  # type: ignore[arg-type]
    order = torch.randperm(data.train.num_rows, generator=torch.Generator().manual_seed(spec.seed))
    rows = data.train.select(order[: spec.calibration_rows].tolist())
    places = list(LengthSortedSampler(read_lengths(rows)))
    collate = PaddingCollator(tokenizer)

    def batches() -> Iterator[dict[str, Any]]:
        for start in range(0, len(places), spec.batch_size):
            batch = collate([rows[place] for place in places[start : start + spec.batch_size]])
            if not with_labels:
                batch.pop("labels", None)
            yield {name: tensor.to(device) for name, tensor in batch.items()}

    return model, batches


def _model_names(model: PreTrainedModel, selected: Sequence[SelectedTensor]) -> dict[str, str]:
    """Return the model's name of each tensor: a body that was saved alone lacks the prefix of a model with a head."""
    known = {name for name, _ in model.named_parameters()}
    names = {}
    for one in selected:
        found = _model_name(model, known, one.name)
        if found is None:
            raise ModelError(
                f"the model for the task has no {one.name}, so nothing can be gathered for it",
                path="$.config",
                hint="leave it out by exclude",
            )
        names[one.name] = found
    return names


def _model_name(model: PreTrainedModel, known: set[str], name: str) -> str | None:
    prefix = f"{model.base_model_prefix}."
    return next((tried for tried in (name, prefix + name, name.removeprefix(prefix)) if tried in known), None)


def choose_device(wanted: str) -> str:
    """Return the device for `auto`, or the one wanted."""
    import torch

    if wanted != "auto":
        return wanted
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
