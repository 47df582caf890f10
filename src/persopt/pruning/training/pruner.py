"""Pruning while a model trains: gradually, by movement, or by rounds with rewinding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec
import torch
from torch import Tensor

from persopt.domain.prune_specs import PruneSpec
from persopt.plugins.contracts.pruning import ParameterContext
from persopt.pruning.calibration import gather_from, iterate_batches, model_names
from persopt.pruning.training.mask_making import MaskMaker
from persopt.pruning.training.masked_weights import MaskedWeights
from persopt.pruning.training.schedules import plan_renewals, round_sparsity, sparsity_at
from persopt.training.distillation import Distiller
from persopt.training.session import TrainingSession

__all__ = ("TrainingPruner",)

DEFAULT_STEPS = 10
DEFAULT_ROUNDS = 3


class TrainingPruner:
    """Prunes the model of a session while it trains.

    Args:
        spec: Resolved.
        session: The model given, and the data.
        maker: Makes masks.
        needs: What the method needs.
        distiller: For the training.
        on_batch: Called before each batch of gathering; may raise to end the work.

    Attributes:
        notes: What to know about the result.
    """

    def __init__(
        self,
        spec: PruneSpec,
        session: TrainingSession,
        maker: MaskMaker,
        needs: frozenset[str],
        distiller: Callable[[Any], Distiller | None],
        on_batch: Callable[[], None],
    ) -> None:
        self._spec = spec
        self._session = session
        self._maker = maker
        self._needs = needs
        self._make_distiller = distiller
        self._on_batch = on_batch
        self._sparsity = spec.config.sparsity or 0.0
        self.notes: list[str] = []

    def prune(self, model: Any, steps: int) -> int:
        """Prune a model in place, to exactly the sparsity asked for, and return how many steps were trained.

        Args:
            model: A copy of the session's model.
            steps: Of the training; of each round with rewinding.
        """
        names = model_names(model, self._maker.selected)
        parameters = dict(model.named_parameters())
        chosen = {name: parameters[inner] for name, inner in names.items()}
        weights = MaskedWeights(chosen, movement="movement" in self._needs)
        distiller = self._make_distiller(model)
        if "initial-weights" in self._needs:
            return self._prune_in_rounds(model, weights, names, steps, distiller)
        return self._prune_by_schedule(model, weights, steps, distiller)

    def _prune_by_schedule(self, model: Any, weights: MaskedWeights, steps: int, distiller: Distiller | None) -> int:
        options = self._spec.training
        renewals = (options.pruning_steps or DEFAULT_STEPS) if self._spec.config.gradual else 1
        reached = 0.0

        def renew(share: float) -> None:
            nonlocal reached
            reached = share
            self._renew(model, weights, sparsity_at(options.schedule, self._sparsity, share))

        due = {step: partial(renew, share) for step, share in plan_renewals(steps, renewals).items()} if steps else {}
        taken = self._session.train(model, steps, weights=weights, due=due, distiller=distiller)
        if reached < 1.0:
            if taken < steps:
                self._tell_short(taken, steps)
            renew(1.0)
        return taken

    def _prune_in_rounds(
        self, model: Any, weights: MaskedWeights, names: Mapping[str, str], steps: int, distiller: Distiller | None
    ) -> int:
        """Train, prune, rewind, as often as there are rounds; the training after the last is the recovery's."""
        options = self._spec.training
        rounds = options.pruning_steps or DEFAULT_ROUNDS
        early = int(options.rewind_to * steps)
        kept: dict[str, Tensor] = {}

        def keep() -> None:
            kept.update({name: value.detach().clone() for name, value in model.state_dict().items()})

        if not early:
            keep()
        taken = begun = 0
        for turn in range(1, rounds + 1):
            wanted = steps - begun
            done = self._session.train(
                model, wanted, weights=weights, due={early: keep} if not kept else {}, distiller=distiller
            )
            taken += done
            over = done < wanted
            initial = {name: kept[inner].cpu() for name, inner in names.items()} if kept else None
            self._renew(
                model, weights, self._sparsity if over else round_sparsity(self._sparsity, turn, rounds), initial
            )
            if over:
                self._tell_short(taken, rounds * steps - (rounds - 1) * early)
                return taken
            with torch.no_grad():
                model.load_state_dict(kept)
            weights.apply()
            begun = early
        return taken

    def _renew(
        self, model: Any, weights: MaskedWeights, sparsity: float, initial: Mapping[str, Tensor] | None = None
    ) -> None:
        """Make the masks anew of what the weights are now."""
        tensors = weights.values()
        contexts = {name: ParameterContext(name=name) for name in tensors}
        gathered = self._needs & {"gradients", "activations"}
        if gathered:
            spec, session = self._spec, self._session
            batches = partial(iterate_batches, spec, session.data, session.processor, model, "gradients" in gathered)
            contexts = gather_from(model, batches, self._maker.selected, gathered, self._on_batch)
        for one in self._maker.selected:
            known = {"movement": weights.movement.get(one.name)}
            if "initial-weights" in self._needs:
                known["initial"] = (initial or tensors)[one.name]
            # A method sees outputs first, whatever the file has.
            seen = {
                field: tensor.t().cpu() if one.transposed else tensor.cpu()
                for field, tensor in known.items()
                if tensor is not None
            }
            contexts[one.name] = msgspec.structs.replace(contexts[one.name], **seen)
        weights.put(self._maker.make(sparsity, tensors, contexts))

    def _tell_short(self, taken: int, wanted: int) -> None:
        self.notes.append(
            f"Time was over after {taken} of {wanted} steps of the pruning; the rest was pruned at once, untrained."
        )
