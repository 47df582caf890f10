"""The main function of every benchmark: describe itself, or run one contestant and measure it from inside."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable


def contest(question: str, how: str, contestants: dict[str, Callable[[], float]]) -> None:
    """Be the main function of a benchmark: describe it, or run the contestant named on the command line.

    Args:
        question: What the benchmark answers.
        how: What exactly is timed.
        contestants: By name, functions that do the work and return its seconds.
    """
    wanted = sys.argv[1]
    if wanted == "describe":
        print(json.dumps({"question": question, "how": how, "contestants": list(contestants)}))
        return
    seconds = contestants[wanted]()
    usage = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps({"seconds": seconds, "peak": usage * 1024}))
