"""Let the process keep memory that it has freed, while there is enough memory.

Measurement on a CPU: a ProtoNet step with 320 images of 84 px takes 2.1 s instead of
4.1 s, but uses 6.1 GB of memory instead of 3.2 GB.
"""

import ctypes
import sys
import time
from typing import Any

from .available_memory import available_bytes

_GIB = 2**30
# Freed blocks are kept from the start only if so much memory is available: the 8.5 GB of
# a ProtoNet that trains on 480 images of 84 px a step, and a reserve.
_NEEDED_BYTES = 10 * _GIB
# They are given back when less than this is available.
_SHORT_BYTES = 2 * _GIB
_SECONDS_BETWEEN_LOOKS = 1.0

# From glibc's <malloc.h>.
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_NEVER = 2**31 - 1
# The values that glibc itself comes to when a program frees large blocks.
_USUAL_MMAP_THRESHOLD = 32 * 2**20
_USUAL_TRIM_THRESHOLD = 2 * _USUAL_MMAP_THRESHOLD


def keep_large_blocks() -> bool:
    """Reuse large freed blocks instead of returning them to the operating system.

    By default, glibc asks the kernel for new pages for each block above 32 MiB, and the
    kernel clears every page. On a CPU, this can take as long as the arithmetic.
    Nothing changes if less than 10 GiB are available, or if the C library is not glibc.
    Return whether blocks are kept from now on.
    """
    libc = _glibc()
    if libc is None or not is_enough(available_bytes()):
        return False
    libc.mallopt(_M_MMAP_THRESHOLD, _NEVER)
    libc.mallopt(_M_TRIM_THRESHOLD, _NEVER)
    return True


def give_back_blocks() -> None:
    """Return all freed memory to the operating system, now and in future.

    Nothing changes if the C library is not glibc.
    """
    libc = _glibc()
    if libc is None:
        return
    libc.mallopt(_M_MMAP_THRESHOLD, _USUAL_MMAP_THRESHOLD)
    libc.mallopt(_M_TRIM_THRESHOLD, _USUAL_TRIM_THRESHOLD)
    libc.malloc_trim(0)


def is_enough(available: int | None) -> bool:
    """Return whether enough memory is available to keep freed blocks.

    available: in bytes; None if unknown
    """
    if available is None:
        return False
    return available >= _NEEDED_BYTES


class KeptBlocks:
    """Keeps freed blocks during a `with` block, until memory becomes short."""

    def __init__(self) -> None:
        self._are_kept = False
        self._looked_at = 0.0

    def __enter__(self) -> "KeptBlocks":
        self._are_kept = keep_large_blocks()
        return self

    def __exit__(self, *_: object) -> None:
        self._give_back()

    def give_back_if_short(self) -> None:
        """Give all freed blocks back if less than 2 GiB are available.

        They are not kept again. The available memory is read at most once a second.
        """
        now = time.monotonic()
        if not self._are_kept or now - self._looked_at < _SECONDS_BETWEEN_LOOKS:
            return
        self._looked_at = now
        available = available_bytes()
        if available is not None and available < _SHORT_BYTES:
            self._give_back()

    def _give_back(self) -> None:
        if self._are_kept:
            give_back_blocks()
        self._are_kept = False


def _glibc() -> Any:
    """Return the C library; None if it is not glibc."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim"):
        return libc
    return None
