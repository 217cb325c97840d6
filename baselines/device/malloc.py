"""How this process asks the operating system for memory."""

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # glibc's <malloc.h>
_NEVER = 2**31 - 1


def keep_large_blocks() -> None:
    """Reuse freed blocks instead of returning them: large activations then cost no page faults.

    glibc maps blocks above 32 MiB anew at each allocation, and the kernel clears every page of
    them; on CPU that can take as long as the arithmetic. Elsewhere than glibc nothing is done.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # another C library
        return
    mallopt(_M_MMAP_THRESHOLD, _NEVER)
    mallopt(_M_TRIM_THRESHOLD, _NEVER)
