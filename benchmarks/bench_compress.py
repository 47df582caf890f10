"""How much faster is what a search finds than what the default recipes of the peers give?

Run by itself: `python -m benchmarks.bench_compress OUT --model MODEL --data DATA`, as `benchmarks.bench_quantization`.
PERSOPT_BENCH_OLIVE and PERSOPT_BENCH_OPTIMUM name the interpreters of environments with Olive (and onnxruntime,
onnxscript, transformers, requests) and Optimum (`optimum-onnx[onnxruntime]`); without them both are left out.

All begin from one tuned model. persopt searches with the training and validation rows for the lowest latency at no
more than one point of accuracy lost; the table is of test rows that no contestant has seen.
"""

from __future__ import annotations

from typing import Final

from benchmarks.compression_contestants import COMPRESSED, TOOLS
from benchmarks.quantization_ours import OURS
from benchmarks.quantization_peers import PEERS
from benchmarks.reviews import describe_if_asked, make_parser, prepare
from benchmarks.served_contest import add_flags, draw_table, make_all, measure_all

QUESTION: Final = "How much faster is what a search finds than what the default recipes of the peers give?"
HOW: Final = (
    "Needs a model and a data set of reviews, so it is run by itself: `python -m benchmarks.bench_compress OUT --model "
    "MODEL --data DATA`. Speed against PyTorch fp32 in turn, size on disk, accuracy on test rows."
)


def main() -> None:
    """Make what is not there yet, measure, print a Markdown table."""
    if describe_if_asked(QUESTION, HOW):
        return
    parser = make_parser(QUESTION, rows=6500, validation_rows=1500, epochs=2)
    parser.add_argument("--test-rows", type=int, default=2000)
    add_flags(parser, [*PEERS, *TOOLS, *OURS, *COMPRESSED])
    given = parser.parse_args()
    prepare(given)
    print(draw_table(QUESTION, measure_all(make_all(given), given, "test"), given, "test"))


if __name__ == "__main__":
    main()
