"""Seconds that work takes, for ratios within one run."""

import statistics
import time
from collections.abc import Callable

import torch

from fewbench.baselines.device.choose import resolve_device

# Where the speed tests compute: on a GPU they print the same table.
DEVICE = resolve_device("auto")


def finished(work: Callable[[], object]) -> Callable[[], None]:
    """The same work, which returns when the device has done it."""

    def whole() -> None:
        work()
        if DEVICE.type == "cuda":
            torch.cuda.synchronize()

    return whole


def seconds_of(work: Callable[[], object], rounds: int = 3) -> float:
    """Median of several rounds after one warm-up."""
    whole, taken = finished(work), []
    whole()
    for _ in range(rounds):
        started = time.perf_counter()
        whole()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)
