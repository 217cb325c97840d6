"""Decode and resize many images at once, on all cores."""

import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from functools import cache

import numpy as np

from ..archives.tree import Tree
from ..lookup import pick
from .decode import decode_with_origin
from .origins import Origin, count
from .resample import RESAMPLING, resize

_MODES = {1: "L", 3: "RGB"}


def read_images(
    tree: Tree,
    members: Sequence[str],
    shape: tuple[int, int, int],
    resampling: str,
    *,
    shown: bool = False,
) -> np.ndarray:
    """Return decoded and resized images from a folder or archive.

    tree: the folder or archive
    members: the paths of the image files in `tree`
    shape: (H, W, C), with C = 1 for grey and 3 for RGB
    resampling: a name in RESAMPLING
    shown: whether to decode each image as a viewer shows it; see `decode_with_origin`
    Returns uint8 (len(members), *shape), in the order of `members`.
    Raises DataError if the filter is unknown, or if a file is missing or damaged. The
    error names the first such file.
    """
    return load_images(
        tree.read,
        members,
        shape,
        resampling,
        prefix=f"{tree.label}: ",
        shown=shown,
    )


def load_images(
    read: Callable[[str], bytes],
    names: Sequence[str],
    shape: tuple[int, int, int],
    resampling: str,
    prefix: str = "",
    *,
    shown: bool = False,
) -> np.ndarray:
    """Return decoded and resized images.

    read: takes a name, returns PNG or JPEG bytes; called from several threads
    names: a name for each image
    shape: (H, W, C), with C = 1 for grey and 3 for RGB
    resampling: a name in RESAMPLING
    prefix: text before the name of an image in errors
    shown: whether to decode each image as a viewer shows it; see `decode_with_origin`
    Returns uint8 (len(names), *shape), in the order of `names`.
    Raises DataError if the filter is unknown, or if an image is damaged. The error
    names the first damaged image. Errors that `read` raises reach the caller.
    """
    height, width, channels = shape
    mode = _MODES[channels]
    # An unknown filter is refused before any file is read.
    pick("resampling filter", resampling, RESAMPLING)
    images = np.empty((len(names), *shape), np.uint8)
    origins: dict[int, Origin] = {}

    def load(i: int) -> None:
        name = names[i]
        data = read(name)
        # One image of a class is enough to find an earlier saving as JPEG.
        image, origins[i] = decode_with_origin(
            data, f"{prefix}{name}", mode, examine=i == 0, shown=shown
        )
        images[i] = resize(image, (height, width), resampling)

    for_each(len(names), load)
    count(origins.values())
    return images


def for_each(n: int, do: Callable[[int], None]) -> None:
    """Call do(0) to do(n - 1) in one thread for each core.

    If calls fail, raises the error of the call with the lowest index.
    """
    waiting = deque(range(n))
    failures: dict[int, BaseException] = {}

    def work() -> None:
        # popleft raises IndexError when no index is waiting.
        with suppress(IndexError):
            while True:
                i = waiting.popleft()
                try:
                    do(i)
                except BaseException as error:
                    # Every lower index has been taken already, so the failure with the
                    # lowest index is still found.
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
    # A forked child process does not have the threads of the pool. It makes its own
    # pool.
    os.register_at_fork(after_in_child=_pool.cache_clear)
