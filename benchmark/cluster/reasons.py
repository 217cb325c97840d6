"""Say in one sentence why an attempt at a task failed."""

import signal

from fewbench.errors import UserError
from fewbench.space import lacks_space

# What torch says.
_NO_MEMORY = "can't allocate memory"


def reason_of(error: BaseException) -> str:
    """Return an error in one sentence."""
    text = " ".join(str(error).split())
    if isinstance(error, OSError) and error.errno and lacks_space(error):
        return f"there is no space left to write ({error.strerror}). Free some space"
    if isinstance(error, MemoryError) or _NO_MEMORY in text:
        return f"out of memory: {text}".rstrip(": ")
    if isinstance(error, UserError | OSError | RuntimeError) and text:
        return text
    return f"{type(error).__name__}: {text}".rstrip(": ")


def how_it_died(exit_code: int | None) -> str:
    """Return a sentence about the end of a process.

    exit_code: as in multiprocessing, where -9 stands for the signal 9; None if unknown
    """
    if exit_code is None:
        return "its process ended"
    number = -exit_code if exit_code < 0 else exit_code - 128
    try:
        name = signal.Signals(number).name
    except ValueError:
        return f"its process ended with exit code {exit_code}"
    if name == "SIGKILL":
        return "its process was killed by SIGKILL, often because memory ran out"
    if name == "SIGTERM":
        return "its process was asked to end by SIGTERM"
    return f"its process was ended by {name}"
