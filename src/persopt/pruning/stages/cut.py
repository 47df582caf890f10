"""Second, of whole units: heads, neurons, channels and layers are taken out of the model in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from persopt.domain.prune_specs import PruneSpec
from persopt.domain.structured import StructuredRatios, StructuredReport
from persopt.models.quiet import quiet_transformers
from persopt.models.side_files import copy_side_files
from persopt.models.whole import load_whole
from persopt.plugins.contracts.pruning import ParameterContext
from persopt.pruning.scoring import Scorer
from persopt.pruning.selection import SelectedTensor
from persopt.ticker import Ticker

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

    from persopt.pruning.structured.units import Importance
    from persopt.pruning.training.driver import PruningTraining

__all__ = ("Cutting", "unit_importance")

_POOLING_WIDTH: Final = "word_embedding_dimension"
_MATRIX: Final = 2


class Cutting:
    """One pruning of whole units.

    Args:
        spec: Resolved, with ratios or layers to keep.
        source: The checkpoint that is pruned, which need not be the one given: its vocabulary may be trimmed.
        scorer: Gives the scores.
        cache: Folder of tokenized data.
        ticker: Looked at before every batch, and while units are cut.
    """

    def __init__(self, spec: PruneSpec, source: Path, scorer: Scorer, cache: Path, ticker: Ticker) -> None:
        self._spec = msgspec.structs.replace(spec, model_path=str(source))
        self._source = source
        self._scorer = scorer
        self._needs = scorer.method.traits.needs
        self._cache = cache
        self._ticker = ticker
        ticker.expect(-(-spec.calibration_rows // spec.batch_size) * len(self._needs))

    def write(self, part: Path) -> StructuredReport:
        """Write the smaller model into a folder and tell what is left."""
        from persopt.pruning.structured.prune import prune_structured

        config = self._spec.config
        self._ticker.message = "loading the model"
        model, unused = self._ticker.watch(lambda: load_whole(self._source))
        gathered = self._gather(model)
        self._ticker.message = "cutting units"
        width = _find_width(model)
        importance = unit_importance(model, self._scorer, gathered, self._ticker)
        report = self._ticker.watch(
            lambda: prune_structured(
                model,
                importance,
                config.ratios or StructuredRatios(),
                layers=config.keep_layers if config.keep_layers is not None else config.layer_rule,
                multiple_of=config.multiple_of,
            )
        )
        self._ticker.message = "writing the smaller model"
        copy_side_files(self._source, part)
        (part / "model.safetensors.index.json").unlink(missing_ok=True)
        with quiet_transformers():
            self._ticker.watch(lambda: model.save_pretrained(part))
        if _find_width(model) != width:
            _resize_pooling(part, width, _find_width(model))
        notes = [*report.notes, *_notes(self._scorer, unused)]
        return msgspec.structs.replace(report, notes=tuple(notes))

    @property
    def needs(self) -> frozenset[str]:
        """What the method needs."""
        return self._needs

    def train(self, part: Path, training: PruningTraining) -> StructuredReport:
        """Cut the model in steps while it trains; write it into a folder and tell what is left."""
        self._ticker.message = "cutting units in training"
        report = training.cut(part, self._importance_of, self._needs)
        width = _read_width(self._source)
        if _read_width(part) != width:
            _resize_pooling(part, width, _read_width(part))
        return msgspec.structs.replace(report, notes=(*report.notes, *_notes(self._scorer, ())))

    def _importance_of(self, model: PreTrainedModel, gathered: Mapping[str, ParameterContext] | None) -> Importance:
        """Return the importance of a model's parameters; each look ends the work if it is cancelled."""
        self._ticker.expect(sum(1 for _ in model.parameters()))
        score = unit_importance(model, self._scorer, gathered, self._ticker)

        def importance(name: str, parameter: Tensor) -> Tensor:
            self._ticker.look()
            return score(name, parameter)

        return importance

    def _gather(self, model: PreTrainedModel) -> dict[str, ParameterContext] | None:
        """Return what the method needs of each parameter, or None if it needs nothing."""
        names = [name for name, _ in model.named_parameters()]
        self._ticker.expect(len(names))
        if not self._needs:
            return None
        from persopt.pruning.calibration import gather_units

        self._ticker.message = f"gathering {' and '.join(sorted(self._needs))}"
        return gather_units(self._spec, names, self._needs, self._cache, self._ticker.tick)


def unit_importance(
    model: PreTrainedModel, scorer: Scorer, gathered: Mapping[str, ParameterContext] | None, ticker: Ticker
) -> Callable[[str, Tensor], Tensor]:
    """Return the importance of a method for all parameters of a model, in the form that structured pruning asks for.

    A method is given matrices with outputs first. A vector (a bias, the scale of a norm) is given as a matrix with
    one input. Where something had to be gathered and was not (a head that the task does not have), the score is 0:
    such a parameter does not speak for any unit.

    Args:
        model: The model; its embeddings and Conv1D layers keep the inputs in the first dimension.
        scorer: Asks the method.
        gathered: By name, what was gathered for each parameter; None if the method needs nothing.
        ticker: Counts the parameters.
    """
    import torch
    from transformers.pytorch_utils import Conv1D

    turned = {
        f"{path}.weight" for path, module in model.named_modules() if isinstance(module, Conv1D | torch.nn.Embedding)
    }
    if gathered is not None:
        gathered = {name: _turn(context, name in turned) for name, context in gathered.items()}
        scorer = msgspec.structs.replace(scorer, gathered=gathered)

    def importance(name: str, parameter: Tensor) -> Tensor:
        ticker.count()
        if gathered is not None and name not in gathered:
            return torch.zeros(parameter.shape)
        given = parameter.detach().cpu()
        if given.dim() < _MATRIX or not name.endswith(".weight"):
            given = given.reshape(-1, 1)
        shape = tuple(given.shape)
        scores = scorer.score(SelectedTensor(name, shape, name in turned), given)
        return scores.reshape(parameter.shape)

    return importance


def _turn(context: ParameterContext, turned: bool) -> ParameterContext:
    known = {
        field: _turn_tensor(tensor, context.name, turned)
        for field in ("gradient", "movement", "initial")
        if (tensor := getattr(context, field)) is not None
    }
    return msgspec.structs.replace(context, **known)


def _turn_tensor(tensor: Tensor, name: str, turned: bool) -> Tensor:
    if tensor.dim() < _MATRIX or not name.endswith(".weight"):
        tensor = tensor.reshape(-1, 1)
    return tensor.t() if turned else tensor


def _find_width(model: PreTrainedModel) -> int:
    from persopt.pruning.structured.sizes import read_sizes

    return read_sizes(model.config).hidden


def _read_width(folder: Path) -> int:
    from persopt.models.loading import load_config
    from persopt.pruning.structured.sizes import read_sizes

    return read_sizes(load_config(folder)).hidden


def _resize_pooling(folder: Path, before: int, after: int) -> None:
    """Tell the modules of sentence-transformers that pool the hidden state how wide it is now."""
    for file in folder.glob("*/config.json"):
        content: dict[str, Any] = msgspec.json.decode(file.read_bytes())
        if content.get(_POOLING_WIDTH) == before:
            content[_POOLING_WIDTH] = after
            file.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2))


def _notes(scorer: Scorer, unused: tuple[str, ...]) -> Iterator[str]:
    if scorer.method.traits.compare_within == "row":
        yield (
            f"{scorer.method.name} compares single weights within an output row; for whole units its scores are "
            "summed over all their weights (as Wanda-sp in An et al., 2023, arXiv:2312.11983)."
        )
    if unused:
        yield f"{len(unused)} stored weights that the model's class has no use for are left out, such as {unused[0]}."
