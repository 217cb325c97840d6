"""Decodes and resizes many images at once, on all cores."""

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

_MODES = {1: "L", 3: "RGB"}


def read_images(
    tree: Tree,
    members: Sequence[str],
    shape: tuple[int, int, int],
    resampling: str,
) -> np.ndarray:
    """The images in some files of a tree: uint8 (len(members), *shape)

    As `load_images`. Raises DataError naming the tree and the first member that is missing
    or damaged.
    """
    return load_images(
        tree.read,
        members,
        shape,
        resampling,
        prefix=f"{tree.label}: ",
    )


def load_images(
    read: Callable[[str], bytes],
    names: Sequence[str],
    shape: tuple[int, int, int],
    resampling: str,
    prefix: str = "",
) -> np.ndarray:
    """Decoded and resized images, in the order of names: uint8 (len(names), *shape)

    read: returns the PNG or JPEG bytes of a name; called from several threads
    shape: (H, W, C), with C = 1 for grey and 3 for RGB
    prefix: put before a name in errors
    Raises DataError for an unknown filter, or naming the first damaged image. Errors of
    `read` reach the caller.
    """
    height, width, channels = shape
    mode = _MODES[channels]
    # An unknown filter is refused before any file is read.
    pick("resampling filter", resampling, RESAMPLING)
    images = np.empty((len(names), *shape), np.uint8)

    def load(i: int) -> None:
        name = names[i]
        data = read(name)
        image = decode(data, f"{prefix}{name}", mode)
        images[i] = resize(image, (height, width), resampling)

    _for_each(len(names), load)
    return images


def _for_each(n: int, do: Callable[[int], None]) -> None:
    """Call do(0) to do(n - 1) on all cores, one call at a time on each.

    Raises the error of the lowest index that failed.
    """
    waiting = deque(range(n))
    failures: dict[int, BaseException] = {}

    def work() -> None:
        # Ends when nothing is waiting.
        with suppress(IndexError):
            while True:
                i = waiting.popleft()
                try:
                    do(i)
                except BaseException as error:
                    # Every lower index is done or under way, so the lowest failure is
                    # still found.
                    waiting.clear()
                    failures[i] = error

    n_threads = min(n, _n_cores())
    try:
        running = [_pool().submit(work) for _ in range(n_threads)]
        wait(running)
    finally:
        # If this thread is interrupted, the others stop too.
        waiting.clear()
    if failures:
        first = min(failures)
        raise failures[first]


def _n_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        usable = os.sched_getaffinity(0)
        return len(usable)
    return os.cpu_count() or 1


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_n_cores(), "fewbench-images")


if hasattr(os, "register_at_fork"):
    # A forked child has none of the pool's threads, so it makes a pool of its own.
    os.register_at_fork(after_in_child=_pool.cache_clear)
