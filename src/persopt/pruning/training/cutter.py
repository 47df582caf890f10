"""Cutting whole units while a model trains: in steps, by movement, or in rounds with rewinding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

import msgspec
import torch
from torch import Tensor

from persopt.domain.prune_specs import PruneSpec
from persopt.domain.structured import StructuredRatios, StructuredReport
from persopt.plugins.contracts.pruning import ParameterContext
from persopt.pruning.calibration import gather_units_from, iterate_batches
from persopt.pruning.structured.cut import Cut, join_reports
from persopt.pruning.structured.prune import cut_to_sizes
from persopt.pruning.structured.sizes import Sizes, plan_sizes, read_sizes
from persopt.pruning.structured.steps import Course, plan_cuts
from persopt.pruning.structured.units import Importance
from persopt.pruning.training.movement import MovementSums
from persopt.pruning.training.optimizer_state import follow_cut
from persopt.pruning.training.pruner import DEFAULT_ROUNDS, DEFAULT_STEPS
from persopt.pruning.training.schedules import plan_renewals, sparsity_at
from persopt.training.distillation import Distiller
from persopt.training.session import TrainingSession

__all__ = ("ImportanceMaker", "TrainingCutter")

ImportanceMaker: TypeAlias = Callable[[Any, Mapping[str, ParameterContext] | None], Importance]


class TrainingCutter:
    """Cuts the model of a session while it trains, in the end to the sizes that a cut at once would leave.

    Every cut is one of `cut_to_sizes`, with scores computed anew, and the optimizer goes on with its moments of
    what is left.

    Args:
        spec: Resolved.
        session: The model given, and the data.
        make_importance: Gives the method's scores of a model's parameters from what was gathered of them by name.
        needs: What the method needs.
        make_distiller: For the training, of the student and whether its width will be cut.
        on_batch: Called before each batch of gathering; may raise to end the work.

    Attributes:
        notes: What to know about the result.
    """

    def __init__(
        self,
        spec: PruneSpec,
        session: TrainingSession,
        make_importance: ImportanceMaker,
        needs: frozenset[str],
        make_distiller: Callable[[Any, bool], Distiller | None],
        on_batch: Callable[[], None],
    ) -> None:
        self._spec = spec
        self._session = session
        self._make_importance = make_importance
        self._needs = needs
        self._make_distiller = make_distiller
        self._on_batch = on_batch
        self.notes: list[str] = []

    def cut(self, model: Any, steps: int) -> tuple[int, StructuredReport]:
        """Cut a model in place and return how many steps were trained, and what is left.

        Args:
            model: A copy of the session's model.
            steps: Of the training; of each round with rewinding.
        """
        config = self._spec.config
        final = plan_sizes(
            model.config,
            config.ratios or StructuredRatios(),
            multiple_of=config.multiple_of,
            keep_layers=config.keep_layers,
        )
        origin = read_sizes(model.config)
        distiller = self._make_distiller(model, final.hidden < origin.hidden)
        movement = MovementSums(model) if "movement" in self._needs else None
        work = _Work(self, model, origin, distiller, movement)
        if "initial-weights" in self._needs:
            return self._cut_in_rounds(work, final, steps), work.report
        return self._cut_by_schedule(work, final, steps), work.report

    def _cut_by_schedule(self, work: _Work, final: Sizes, steps: int) -> int:
        options = self._spec.training
        times = (options.pruning_steps or DEFAULT_STEPS) if self._spec.config.gradual else 1
        shares = plan_renewals(steps, times) if steps else {}
        courses = [_follow_schedule(sparsity_at(options.schedule, 1.0, share)) for share in shares.values()]
        sizes = plan_cuts(work.model.config, final, courses)
        cuts = {step: partial(work.cut, wanted) for step, wanted in zip(shares, sizes, strict=False)}
        taken = self._session.train(work.model, steps, weights=work.movement, cuts=cuts, distiller=work.distiller)
        if taken < steps and work.sizes != final:
            self._tell_short(taken, steps)
        work.cut(final)
        return taken

    def _cut_in_rounds(self, work: _Work, final: Sizes, steps: int) -> int:
        """Train, cut, rewind, as often as there are rounds; the training after the last is the recovery's."""
        options, model = self._spec.training, work.model
        rounds = options.pruning_steps or DEFAULT_ROUNDS
        courses = [_shrink_alike(turn / rounds) for turn in range(1, rounds + 1)]
        sizes = _drop_repeats(plan_cuts(model.config, final, courses), work.sizes)
        early = int(options.rewind_to * steps)
        if not early:
            work.keep_early()
        taken = begun = 0
        for wanted in sizes:
            asked = steps - begun
            due = {early: work.keep_early} if not work.early else {}
            done = self._session.train(model, asked, due=due, distiller=work.distiller)
            taken += done
            if done < asked:
                self._tell_short(taken, len(sizes) * steps - (len(sizes) - 1) * early)
                work.cut(final)
                return taken
            work.cut(wanted)
            work.rewind()
            begun = early
        return taken

    def gather(
        self, model: Any, movement: Mapping[str, Tensor] | None, early: Mapping[str, Tensor]
    ) -> dict[str, ParameterContext] | None:
        """Return what the method needs of each parameter now, or None if it needs nothing."""
        if not self._needs:
            return None
        parameters = {name: one.detach() for name, one in model.named_parameters()}
        contexts = {name: ParameterContext(name=name) for name in parameters}
        gathered = self._needs & {"gradients", "activations"}
        if gathered:
            spec, session = self._spec, self._session
            batches = partial(iterate_batches, spec, session.data, session.processor, model, "gradients" in gathered)
            contexts = gather_units_from(model, batches, list(parameters), gathered, self._on_batch)
        known: dict[str, Mapping[str, Tensor]] = {}
        if movement is not None:
            known["movement"] = movement
        if "initial-weights" in self._needs:
            known["initial"] = early or parameters
        for name, context in contexts.items():
            seen = {field: tensors[name].cpu() for field, tensors in known.items()}
            contexts[name] = msgspec.structs.replace(context, **seen)
        return contexts

    def importance(self, model: Any, contexts: Mapping[str, ParameterContext] | None) -> Importance:
        """Return the method's scores."""
        return self._make_importance(model, contexts)

    @property
    def layers(self) -> Any:
        """How layers are chosen, by the first cut."""
        config = self._spec.config
        return config.layer_rule if config.keep_layers is None else config.keep_layers

    def _tell_short(self, taken: int, wanted: int) -> None:
        self.notes.append(
            f"Time was over after {taken} of {wanted} steps of the pruning; the rest was cut at once, untrained."
        )


class _Work:
    """A model that is being cut, and what has to follow each cut."""

    def __init__(
        self,
        cutter: TrainingCutter,
        model: Any,
        origin: Sizes,
        distiller: Distiller | None,
        movement: MovementSums | None,
    ) -> None:
        self._cutter = cutter
        self._origin = origin
        self._cuts: list[Cut] = []
        self.model = model
        self.sizes = origin
        self.distiller = distiller
        self.movement = movement
        self.early: dict[str, Tensor] = {}

    @property
    def report(self) -> StructuredReport:
        """What is left, in numbers of the model given."""
        return join_reports(self._cuts)

    def cut(self, sizes: Sizes, optimizer: torch.optim.Optimizer | None = None) -> None:
        """Cut to these sizes, unless the model has them."""
        if sizes == self.sizes:
            return
        model, cutter = self.model, self._cutter
        contexts = cutter.gather(model, None if self.movement is None else self.movement.sums, self.early)
        before = _parameters(model)
        cut = cut_to_sizes(
            model,
            cutter.importance(model, contexts),
            sizes,
            layers="importance" if self._cuts else cutter.layers,
            origin=self._origin,
        )
        self._cuts.append(cut)
        self.sizes = sizes
        if optimizer is not None:
            follow_cut(optimizer, cut, before, _parameters(model))
        if self.movement is not None:
            self.movement.follow(cut)
        if self.distiller is not None and cut.report.hidden:
            self.distiller.narrow(cut.report.hidden, optimizer)
        if self.early:
            self.early = cut.follow(self.early, scale=True)

    def keep_early(self) -> None:
        """Remember the weights, to rewind to them."""
        self.early = {name: one.detach().clone() for name, one in _parameters(self.model).items()}

    @torch.no_grad()
    def rewind(self) -> None:
        """Put back the early values of the weights that are left."""
        for name, parameter in _parameters(self.model).items():
            parameter.copy_(self.early[name])


def _parameters(model: Any) -> dict[str, torch.nn.Parameter]:
    return dict(model.named_parameters(remove_duplicate=False))


def _follow_schedule(share: float) -> Course:
    """Return sizes at a share of the whole cut."""
    return lambda before, after: before + (after - before) * share


def _shrink_alike(turn: float) -> Course:
    """Return sizes after a part of the rounds, each of which leaves the same share of what it finds."""
    return lambda before, after: float(before * (after / before) ** turn)


def _drop_repeats(sizes: list[Sizes], origin: Sizes) -> list[Sizes]:
    """Return the sizes without those that would cut nothing."""
    before = [origin, *sizes[:-1]]
    return [now for now, was in zip(sizes, before, strict=True) if now != was]
