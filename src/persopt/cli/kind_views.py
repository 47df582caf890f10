"""How jobs of each kind but tuning are shown: what they are to do, and what came out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Struct

from persopt.cli.compare_views import describe_comparison, print_compare_result
from persopt.cli.compress_views import describe_compression, print_compress_result
from persopt.cli.prune_views import describe_pruning, print_prune_result
from persopt.cli.quantize_views import describe_quantization, print_quantize_result
from persopt.domain.compare_specs import CompareSpec
from persopt.domain.compress_specs import CompressSpec
from persopt.domain.prune_specs import PruneSpec
from persopt.domain.quantize_specs import QuantizeSpec

__all__ = ("KIND_VIEWS", "KindViews")


class KindViews(Struct, frozen=True):
    """The views of one kind.

    Attributes:
        describe: From a spec to names and values.
        print_result: Prints how a job ended on a console; `with_state` says whether its state is told too.
    """

    describe: Callable[[Any], dict[str, object]]
    print_result: Callable[..., None]


KIND_VIEWS: Final[Mapping[type[Struct], KindViews]] = {
    PruneSpec: KindViews(describe_pruning, print_prune_result),
    QuantizeSpec: KindViews(describe_quantization, print_quantize_result),
    CompareSpec: KindViews(describe_comparison, print_compare_result),
    CompressSpec: KindViews(describe_compression, print_compress_result),
}
