"""Seconds that work takes, for ratios within one run."""

import statistics
import time
from collections.abc import Callable


def seconds_of(work: Callable[[], object], rounds: int = 3) -> float:
    """Median of several rounds after one warm-up."""
    work()
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)
