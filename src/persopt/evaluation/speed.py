"""How fast runners are on inputs of given shapes, alone and in turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from persopt.domain.errors import ModelError
from persopt.domain.measurements import SpeedComparison, SpeedMeasurement
from persopt.measure.speed import Turns, compare_turns, measure_speed, summarize_turns
from persopt.measure.turns import TurnPlan, time_in_turn
from persopt.models.loading import load_config

if TYPE_CHECKING:
    import numpy as np

    from persopt.plugins.contracts.quantization import Runner

    Inputs = dict[str, np.ndarray[Any, Any]]

__all__ = ("ShapeTurns", "compare_speed", "make_inputs", "measure_speeds", "time_runners")

_WRITTEN: Final = 16  # tokens that an encoder-decoder is given as already written
_SPECIAL: Final = 5  # ids of the first tokens, among them padding and the like


def make_inputs(folders: Sequence[Path | str], batch: int, length: int) -> Inputs:
    """Return random inputs that all of some models take, always the same for a shape; nothing of them is padding.

    Args:
        folders: Of the models: their configurations say what they take.
        batch: Rows.
        length: Tokens of a row; images have the size of the configuration.
    """
    import numpy as np

    random = np.random.default_rng((batch, length))
    configs: list[Any] = [load_config(folder) for folder in folders]
    first = configs[0]
    if getattr(first, "image_size", None) and not hasattr(first.get_text_config(), "vocab_size"):
        height, width = _image_size(first)
        pixels = random.standard_normal((batch, first.num_channels, height, width), dtype=np.float32)
        return {"pixel_values": pixels}
    vocabulary = min(config.get_text_config().vocab_size for config in configs)
    tokens = random.integers(min(_SPECIAL, vocabulary - 1), vocabulary, (batch, length), dtype=np.int64)
    end = getattr(first, "eos_token_id", None)
    if first.is_encoder_decoder and isinstance(end, int):
        tokens[:, -1] = end  # T5 classifies by the state of its last end-of-text token
    inputs = {"input_ids": tokens, "attention_mask": np.ones_like(tokens), "token_type_ids": np.zeros_like(tokens)}
    if first.is_encoder_decoder:
        inputs["decoder_input_ids"] = tokens[:, : min(_WRITTEN, length)].copy()
    return inputs


def measure_speeds(
    runner: Runner,
    folder: Path | str,
    shapes: Sequence[tuple[int, int]],
    *,
    plan: TurnPlan | None = None,
    on_round: Callable[[], None] = lambda: None,
) -> list[SpeedMeasurement]:
    """Time a runner on inputs of each shape.

    Args:
        runner: What is timed.
        folder: Of its model.
        shapes: Rows and tokens of a call.
        plan: How often to call.
        on_round: Called before each round; may raise to end the work.

    Raises:
        ModelError: if the runner does not take such inputs.
    """
    measured = []
    for batch, length in shapes:
        inputs = make_inputs([folder], batch, length)
        side = _side(inputs, length)
        measured.append(measure_speed(_call(runner, inputs), batch=batch, length=side, plan=plan, on_round=on_round))
    return measured


class ShapeTurns(Struct, frozen=True, kw_only=True):
    """Times of several runners, called in turn on the same inputs.

    Attributes:
        batch: Rows of a call.
        length: Tokens of a row, or the side of an image.
        turns: Of each runner, round by round.
    """

    batch: int
    length: int
    turns: list[Turns]


def time_runners(
    runners: Sequence[Runner],
    folders: Sequence[Path | str],
    shape: tuple[int, int],
    *,
    plan: TurnPlan | None = None,
    on_round: Callable[[], None] = lambda: None,
    clock: Callable[[], float] = time.perf_counter,
) -> ShapeTurns:
    """Time any number of runners in turn (A B C C B A ...) on the same inputs.

    Args:
        runners: What is timed; all are open at once.
        folders: Of their models.
        shape: Rows and tokens of a call.
        plan: How often to call.
        on_round: Called before each round; may raise to end the work.
        clock: A clock in seconds.

    Raises:
        ModelError: if a runner does not take such inputs.
    """
    batch, length = shape
    inputs = make_inputs(folders, batch, length)
    calls = [_call(runner, inputs) for runner in runners]
    return ShapeTurns(
        batch=batch,
        length=_side(inputs, length),
        turns=time_in_turn(calls, plan or TurnPlan(), on_round, clock),
    )


def compare_speed(
    before: Runner,
    after: Runner,
    folders: tuple[Path | str, Path | str],
    shapes: Sequence[tuple[int, int]],
    *,
    threads: int,
    device: str = "cpu",
    confidence: float = 0.95,
    plan: TurnPlan | None = None,
    on_round: Callable[[], None] = lambda: None,
) -> list[SpeedComparison]:
    """Time two runners in turn on the same inputs of each shape.

    Args:
        before: Runs the model given.
        after: Runs the result.
        folders: Of both.
        shapes: Rows and tokens of a call.
        threads: CPU threads of each; only told.
        device: Where they run; only told.
        confidence: Of the intervals.
        plan: How often to call.
        on_round: Called before each round; may raise to end the work.

    Raises:
        ModelError: if a runner does not take such inputs.
    """
    compared = []
    for batch, length in shapes:
        timed = time_runners((before, after), folders, (batch, length), plan=plan, on_round=on_round)
        one, other = timed.turns
        compared.append(
            SpeedComparison(
                before=summarize_turns(one, batch, timed.length),
                after=summarize_turns(other, batch, timed.length),
                speedup=compare_turns(one, other, confidence),
                threads=threads,
                device=device,
            )
        )
    return compared


def _call(runner: Runner, inputs: Inputs) -> Callable[[], object]:
    known = {name: value for name, value in inputs.items() if name in runner.inputs}
    if not known:
        raise ModelError(f"the model takes {', '.join(runner.inputs)}; only tokens and images can be made up")
    return lambda: runner.run(known)


def _image_size(config: Any) -> tuple[int, int]:
    size = config.image_size
    return (int(size[0]), int(size[1])) if isinstance(size, (tuple, list)) else (int(size), int(size))


def _side(inputs: Inputs, length: int) -> int:
    """Return the tokens of a row, or the height of an image."""
    return int(inputs["pixel_values"].shape[2]) if "pixel_values" in inputs else length
