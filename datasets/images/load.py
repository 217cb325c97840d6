"""TODO docstring of fewbench.datasets.images.load."""

import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from functools import cache

import numpy as np

from ..archives.tree import Tree
from ..lookup import pick
from .decode import decode
from .resample import RESAMPLING, resize


def read_images(
    tree: Tree, members: Sequence[str], shape: tuple[int, int, int], resampling: str
) -> np.ndarray:
    """uint8 (len(members), *shape): these files of a tree, see load_images.

    Raises DataError naming the tree and the first member that is missing or damaged.
    """
    return load_images(tree.read, members, shape, resampling, f"{tree.label}: ")


def load_images(
    read: Callable[[str], bytes],
    names: Sequence[str],
    shape: tuple[int, int, int],
    resampling: str,
    prefix: str = "",
) -> np.ndarray:
    """uint8 (len(names), *shape), in order: every image decoded and resized, on all cores.

    read: the PNG or JPEG bytes of a name; called from several threads
    shape: (H, W, C), C = 1 for grey and 3 for RGB
    prefix: put before a name in errors
    Raises DataError naming the first damaged image, or an unknown filter; and what `read` raises.
    """
    height, width, channels = shape
    mode = {1: "L", 3: "RGB"}[channels]
    pick("resampling filter", resampling, RESAMPLING)
    images = np.empty((len(names), *shape), np.uint8)

    def load(i: int) -> None:
        image = decode(read(names[i]), f"{prefix}{names[i]}", mode)
        images[i] = resize(image, (height, width), resampling)

    _for_each(len(names), load)
    return images


def _for_each(n: int, do: Callable[[int], None]) -> None:
    """do(0) ... do(n - 1) on all cores, one at a time on each; raises the first failure."""
    waiting = deque(range(n))
    failures: dict[int, BaseException] = {}

    def work() -> None:
        with suppress(IndexError):
            while True:
                i = waiting.popleft()
                try:
                    do(i)
                except BaseException as error:
                    waiting.clear()  # all before i are done or under way: none is missed
                    failures[i] = error

    try:
        wait([_pool().submit(work) for _ in range(min(n, _n_cores()))])
    finally:
        waiting.clear()
    if failures:
        raise failures[min(failures)]


def _n_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_n_cores(), "fewbench-images")


if hasattr(os, "register_at_fork"):
    # A forked child has none of the pool's threads.
    os.register_at_fork(after_in_child=_pool.cache_clear)
