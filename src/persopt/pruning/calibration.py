"""Gathering on a data set what a method needs, for the tensors of a checkpoint by their names there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persopt.domain.errors import ModelError
from persopt.domain.programs import TrainingOptions, TrainingProgram
from persopt.domain.prune_specs import PruneSpec
from persopt.plugins.contracts.pruning import ParameterContext
from persopt.pruning.selection import SelectedTensor

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from persopt.data.tokenized import TokenizedData

__all__ = (
    "choose_device",
    "gather_contexts",
    "gather_from",
    "gather_units",
    "gather_units_from",
    "iterate_batches",
    "model_names",
)


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
    model, batches = _open(spec, cache, with_labels="gradients" in needs)
    return gather_from(model, batches, selected, needs, on_batch)


def gather_from(
    model: PreTrainedModel,
    batches: Callable[[], Iterator[dict[str, Any]]],
    selected: Sequence[SelectedTensor],
    needs: frozenset[str],
    on_batch: Callable[[], None] = lambda: None,
) -> dict[str, ParameterContext]:
    """Return for each chosen tensor what the method needs of a model in memory; see `gather_contexts`.

    Args:
        model: The model, on the batches' device.
        batches: Gives the batches; called once for each need.
        selected: The tensors.
        needs: `gradients`, `activations` or both.
        on_batch: Called before each batch; may raise to end the work.
    """
    from persopt.pruning.statistics import gather_activation_norms, gather_gradients

    names = model_names(model, selected)
    wanted = list(names.values())
    gradients, norms = {}, {}
    try:
        if "gradients" in needs:
            gradients = gather_gradients(model, batches(), wanted, on_batch)
        if "activations" in needs:
            norms = gather_activation_norms(model, batches(), wanted, on_batch)
    except LookupError as error:
        raise ModelError(f"{error}; exclude it", path="$.config.exclude") from None
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
    model, batches = _open(spec, cache, with_labels="gradients" in needs)
    return gather_units_from(model, batches, names, needs, on_batch)


def gather_units_from(
    model: PreTrainedModel,
    batches: Callable[[], Iterator[dict[str, Any]]],
    names: Sequence[str],
    needs: frozenset[str],
    on_batch: Callable[[], None] = lambda: None,
) -> dict[str, ParameterContext]:
    """Return what the method needs of the parameters of a model in memory; see `gather_units`.

    Args:
        model: The model, on the batches' device.
        batches: Gives the batches; called once for each need.
        names: Of parameters.
        needs: `gradients`, `activations` or both.
        on_batch: Called before each batch; may raise to end the work.
    """
    from persopt.pruning.statistics import gather_gradients, gather_input_norms

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

    from persopt.tuning.tasks import TUNING_TASKS, JudgeRequest
    from persopt.tuning.warm_program import WarmProgram

    if spec.task is None:
        raise ValueError("the spec is not resolved: it has no task")
    program = TrainingProgram(
        model=spec.model_path,
        dataset=spec.dataset_path,
        task=spec.task,
        data=spec.data,
        training=TrainingOptions(),
        cache=str(cache),
        seed=spec.seed,
    )
    warm = WarmProgram(program)
    data = warm.map_data(spec.data.max_length)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(spec.seed)
        model = warm.load_model(data.labels)
    TUNING_TASKS[spec.task].fit_model(
        model, JudgeRequest(program=program, processor=warm.processor, labels=data.labels)
    )
    model.to(choose_device(spec.device))  # type: ignore[arg-type]
    return model, partial(iterate_batches, spec, data, warm.processor, model, with_labels)


def iterate_batches(
    spec: PruneSpec, data: TokenizedData, processor: Any, model: Any, with_labels: bool
) -> Iterator[dict[str, Any]]:
    """Give batches of training rows, as many rows as the spec says, chosen by its seed, the longest first.

    They are made by the task's own collator and completed as for a training: an encoder-decoder is given its targets,
    shifted right, and `decoder_attention_mask`, which leaves their padding out.

    Args:
        spec: Says how many rows, and the seed.
        data: Prepared for the task.
        processor: The model's tokenizer or image processor.
        model: The model for the task; the batches are put on its device.
        with_labels: Whether the labels are kept, for a loss.
    """
    import torch

    from persopt.data.batches import LengthSortedSampler, read_lengths
    from persopt.data.tasks import DATA_TASKS
    from persopt.data.tokenization import IGNORED
    from persopt.tuning.tasks import TUNING_TASKS

    assert spec.task is not None  # the data were prepared for it
    order = torch.randperm(data.train.num_rows, generator=torch.Generator().manual_seed(spec.seed))
    rows = data.train.select(order[: spec.calibration_rows].tolist())
    places = list(LengthSortedSampler(read_lengths(rows)))
    collate = DATA_TASKS[spec.task].make_collator(processor)
    for start in range(0, len(places), spec.batch_size):
        made = collate([rows[place] for place in places[start : start + spec.batch_size]])
        batch: dict[str, Any] = {name: tensor.to(model.device) for name, tensor in made.items()}
        TUNING_TASKS[spec.task].complete_inputs(model, batch)
        if "decoder_input_ids" in batch:
            batch["decoder_attention_mask"] = (batch["labels"] != IGNORED).long()
        if not with_labels:
            batch.pop("labels", None)
        yield batch


def model_names(model: PreTrainedModel, selected: Sequence[SelectedTensor]) -> dict[str, str]:
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
    for stored in (name, _renamed(model, name)):
        for tried in (stored, prefix + stored, stored.removeprefix(prefix)):
            if tried in known:
                return tried
    return None


def _renamed(model: PreTrainedModel, name: str) -> str:
    """Return the name that Transformers 5 gives a tensor when it loads it: of some families (ViT) another one."""
    from transformers.conversion_mapping import get_model_conversion_mapping
    from transformers.core_model_loading import WeightRenaming, rename_source_key

    renamings = [one for one in get_model_conversion_mapping(model) if isinstance(one, WeightRenaming)]
    renamed: str = rename_source_key(name, renamings, [])[0]
    return renamed


def choose_device(wanted: str) -> str:
    """Return the device for `auto`, or the one wanted."""
    import torch

    if wanted != "auto":
        return wanted
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
