"""What each backend says it can do: the table of method, bits and symmetry in the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec import Struct

from persopt.domain.quantize_specs import QuantizeConfig, QuantizeSpec
from persopt.plugins.contracts.quantization import QuantizationBackend, Supported, Unsupported
from persopt.quantization.config_checks import FLOAT_BITS
from persopt.quantization.requests import make_request

__all__ = ("CELLS", "Cell", "ask_backends", "write_matrix")


class Cell(Struct, frozen=True, kw_only=True):
    """One row of the matrix: what is asked of every backend.

    Attributes:
        method: As the table calls it.
        weights: Bits and form of the weights, likewise.
        config: What it is in a config.
    """

    method: str
    weights: str
    config: QuantizeConfig

    @property
    def is_symmetric(self) -> bool | None:
        """Whether weights have no zero point; None if they are no integers."""
        return None if self.config.bits >= FLOAT_BITS else self.config.symmetric


def _list_cells() -> Iterable[Cell]:
    for method in ("dynamic", "static", "qat", "weight-only"):
        for bits in (8, 4):
            if method == "static" and bits == 4:  # noqa: PLR2004 - refused before any backend is asked
                continue
            for symmetric in (True, False):
                config = QuantizeConfig(method=method, bits=bits, symmetric=symmetric)
                yield Cell(method=method, weights=f"{bits} bits", config=config)
    for symmetric in (True, False):
        config = QuantizeConfig(method="weight-only", bits=4, symmetric=symmetric, rounding="gptq")
        yield Cell(method="weight-only", weights="4 bits, GPTQ", config=config)
    for float_type in ("bf16", "fp16"):
        config = QuantizeConfig(bits=16, float_type=float_type)
        yield Cell(method="cast", weights=float_type, config=config)
    yield Cell(method="export", weights="float32", config=QuantizeConfig(bits=32))


CELLS: Final = tuple(_list_cells())
"""Every row, in the order of the table."""


def ask_backends(
    backends: Mapping[str, QuantizationBackend[Any]],
) -> dict[str, list[Supported | Unsupported]]:
    """Return what each backend, with its default options, answers to every row."""
    return {
        name: [backend.supports(backend.options(), make_request(QuantizeSpec(config=cell.config))) for cell in CELLS]
        for name, backend in backends.items()
    }


def write_matrix(backends: Mapping[str, QuantizationBackend[Any]]) -> str:
    """Return the table as Markdown: `yes`, or the number of a reason below it."""
    answers = ask_backends(backends)
    reasons: dict[str, int] = {}
    lines = [
        f"| method | weights | zero point | {' | '.join(f'`{name}`' for name in answers)} |",
        f"|{'---|' * (3 + len(answers))}",
    ]
    for place, cell in enumerate(CELLS):
        zero = {None: "", True: "no", False: "yes"}[cell.is_symmetric]
        told = [_tell(name, found[place], reasons) for name, found in answers.items()]
        lines.append(f"| {cell.method} | {cell.weights} | {zero} | {' | '.join(told)} |")
    lines += ["", *(f"{number}. {reason}" for reason, number in reasons.items())]
    return "\n".join(lines).rstrip() + "\n"


def _tell(backend: str, answer: Supported | Unsupported, reasons: dict[str, int]) -> str:
    if isinstance(answer, Supported):
        return "yes"
    nearest = f" The nearest: `{answer.instead}`." if answer.instead else ""
    reason = f"`{backend}`: {answer.reason.rstrip('.')}.{nearest}"
    return f"no ({reasons.setdefault(reason, len(reasons) + 1)})"
