"""Bound the threads of torch where several processes share the cores."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def shared_threads(n_processes: int) -> Iterator[None]:
    """Let torch use this process's share of the cores during the `with` block.

    n_processes: the number of processes that compute at the same time. With 1, nothing
        changes.
    """
    threads = torch.get_num_threads()
    if n_processes > 1:
        share = max(1, _n_cores() // n_processes)
        threads = min(threads, share)
    with fixed_threads(threads):
        yield


@contextmanager
def fixed_threads(n_threads: int) -> Iterator[None]:
    """Let torch use exactly this number of threads during the `with` block."""
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _n_cores() -> int:
    if hasattr(os, "sched_getaffinity"):  # missing on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
