"""Which quantized model is fastest here, and what does it cost?

Run by itself: `python -m benchmarks.bench_quantization OUT --model MODEL --data DATA`, or with `PERSOPT_BENCH_MODEL`
and `PERSOPT_BENCH_REVIEWS` (see `benchmarks.reviews`). What is done lies in OUT; a run that was ended goes on there.

MODEL is tuned on the reviews, and each contestant makes its model of the tuned one. Then all are loaded, each in a
process of its own, and asked in turn, round after round, for a few calls: whatever else the machine does meets all
alike, and the ratio to the reference of the same round is what counts.
"""

from __future__ import annotations

from typing import Final

from benchmarks.quantization_ours import OURS
from benchmarks.quantization_peers import PEERS
from benchmarks.reviews import describe_if_asked, make_parser, prepare
from benchmarks.served_contest import add_flags, draw_table, make_all, measure_all

QUESTION: Final = "Which quantized model is fastest here, and what does it cost?"
HOW: Final = (
    "Needs a model and a data set of reviews, so it is run by itself: `python -m benchmarks.bench_quantization OUT "
    "--model MODEL --data DATA`. Speed against PyTorch fp32 in turn, size on disk, accuracy."
)


def main() -> None:
    """Make what is not there yet, measure, print a Markdown table."""
    if describe_if_asked(QUESTION, HOW):
        return
    parser = make_parser(QUESTION, rows=1500, validation_rows=2000, epochs=3)
    add_flags(parser, [*PEERS, *OURS])
    given = parser.parse_args()
    prepare(given)
    print(draw_table(QUESTION, measure_all(make_all(given), given), given))


if __name__ == "__main__":
    main()
