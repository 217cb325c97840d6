"""Do one task: in a folder of its own, then publish its file. Any process may call it."""

import errno
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from fewbench.errors import UserError
from fewbench.locks import Busy

from .answers_task import make_answers
from .conditions import Conditions
from .features_task import make_features
from .outcome import Outcome
from .place import DifferentCopies, Place
from .result_task import make_grid_result
from .task import Kind, Task
from .training_task import make_training

# A full disk, a quota, and a limit on the size of files.
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# What torch says.
_NO_MEMORY = "can't allocate memory"

# A function that does a task in the folder of an attempt, and returns its complete file.
Make = Callable[[Task, Place, Path], Path]

_MAKE: dict[Kind, Make] = {
    "training": make_training,
    "features": make_features,
    "answers": make_answers,
    "result": make_grid_result,
}


def do_task(task: Task, place: Place) -> Outcome:
    """Do a task unless it is done. Return what became of it.

    Raises DifferentCopies if another attempt made other bytes: the whole work stops.
    Raises Interrupted if a signal asked the process to end. What was saved is kept.
    """
    if place.is_done(task):
        return Outcome(task.id, "done")
    try:
        with place.locked(task):
            # Another process may have published it just before this one took the lock.
            if place.is_done(task):
                return Outcome(task.id, "done")
            return _do(task, place)
    except Busy:
        return Outcome(task.id, "busy")
    except DifferentCopies:
        raise
    except (UserError, OSError, MemoryError, RuntimeError) as error:
        return Outcome(task.id, "failed", reason_of(error))


def reason_of(error: BaseException) -> str:
    """Return an error in one sentence."""
    text = " ".join(str(error).split())
    if isinstance(error, OSError) and error.errno in _NO_SPACE:
        return f"there is no space left to write ({error.strerror}). Free some space"
    if isinstance(error, MemoryError) or _NO_MEMORY in text:
        return f"out of memory: {text}".rstrip(": ")
    return text or type(error).__name__


def _do(task: Task, place: Place) -> Outcome:
    # This module imports torch.
    from ...baselines.device.threads import fixed_threads

    threads = task.conditions.threads
    here = _here(threads, task.conditions.device)
    if not place.mixed:
        task.conditions.check(here, str(place.folder))
    started = time.perf_counter()
    attempt = place.new_attempt(task)
    with fixed_threads(threads):
        made = _MAKE[task.kind](task, place, attempt)
    finished = time.perf_counter()
    place.publish(task, made)
    place.forget_attempts(task)
    published = time.perf_counter()
    seconds = {"work": finished - started, "publish": published - finished}
    return Outcome(task.id, "done", seconds=seconds, conditions=here)


@cache
def _here(threads: int, device: str) -> Conditions:
    return Conditions.here(threads, device)
