"""What is true of every pruning method."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from persopt.plugins.contracts.pruning import ParameterContext, PruningMethod
from persopt.testing.contributions import ContributionCase

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ("PruningMethodCase",)

_SHAPES = ((6, 8), (5,), (4, 3, 2, 2), (1, 1))


class PruningMethodCase(ContributionCase):
    """Tests of a pruning method.

    Attributes:
        method: The method under test.
    """

    kind = "pruning-method"
    method: ClassVar[PruningMethod[Any]]

    @property
    def contribution(self) -> PruningMethod[Any]:
        """The method under test."""
        return self.method

    def test_scores_have_the_parameters_shape_and_are_finite(self) -> None:
        """One finite real score a weight, for matrices, biases, convolutions and weights that are all zero."""
        import torch

        for options, parameter, context in self._inputs():
            scores = self.method.importance(options, parameter, context)
            assert scores.shape == parameter.shape
            assert scores.dtype.is_floating_point
            assert torch.isfinite(scores).all(), f"of {parameter}"

    def test_what_it_is_given_stays_as_it_was(self) -> None:
        """Neither the parameter nor what was gathered for it is changed."""
        import torch

        for options, parameter, context in self._inputs():
            given = [parameter, *_tensors(context)]
            copies = [tensor.clone() for tensor in given]
            self.method.importance(options, parameter, context)
            assert all(torch.equal(tensor, copy) for tensor, copy in zip(given, copies, strict=True))

    def test_the_same_input_gives_the_same_scores(self) -> None:
        """Chance comes from the context's seed alone, and torch's own generator is left as it was."""
        import torch

        for options, parameter, context in self._inputs():
            state = torch.get_rng_state()
            first = self.method.importance(options, parameter, context)
            torch.rand(1)
            second = self.method.importance(options, parameter, context)
            torch.set_rng_state(state)
            assert torch.equal(first, second)

    def test_scores_carry_no_gradient(self) -> None:
        """A parameter that is trained can be scored without a graph being kept."""
        import torch

        for options, parameter, context in self._inputs():
            if parameter.dtype is torch.float32:
                trained = torch.nn.Parameter(parameter.clone())
                with torch.no_grad():
                    scores = self.method.importance(options, trained, context)
                assert not scores.requires_grad

    def _inputs(self) -> Iterator[tuple[Any, Tensor, ParameterContext]]:
        import torch

        generator = torch.Generator().manual_seed(0)
        for options in self.all_options:
            for shape in _SHAPES:
                weights = torch.randn(shape, generator=generator)
                half_zero = weights * (torch.rand(shape, generator=generator) < 0.5)  # noqa: PLR2004 - half of them
                for parameter in (weights, half_zero, torch.zeros(shape), weights.bfloat16()):
                    yield options, parameter, self._context(parameter, generator)

    def _context(self, parameter: Tensor, generator: Any) -> ParameterContext:
        """Return a context with what the method needs, and nothing else."""
        import torch

        def like(reference: Tensor) -> Tensor:
            return torch.randn(reference.shape, generator=generator).to(reference.dtype)

        needs = self.method.traits.needs
        inputs = parameter.shape[1] if parameter.dim() > 1 else 1
        return ParameterContext(
            name="layer.weight",
            seed=7,
            gradient=like(parameter) if "gradients" in needs else None,
            activation_norms=torch.rand(inputs, generator=generator) if "activations" in needs else None,
            movement=like(parameter) if "movement" in needs else None,
            initial=like(parameter) if "initial-weights" in needs else None,
        )


def _tensors(context: ParameterContext) -> list[Tensor]:
    found = (context.gradient, context.activation_norms, context.movement, context.initial)
    return [tensor for tensor in found if tensor is not None]
