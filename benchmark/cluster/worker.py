"""Do one task: in a folder of its own, then publish its file. Any process may call it."""

import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from fewbench.locks import Busy

from .conditions import Conditions
from .machines import note_machine
from .outcome import Outcome
from .place import DifferentCopies, Place
from .reasons import reason_of
from .task import Kind, Task

# A function that does a task in the folder of an attempt, and returns its complete file.
Make = Callable[[Task, Place, Path], Path]


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
    except Busy as error:
        return Outcome(task.id, "busy", str(error))
    except DifferentCopies:
        raise
    except Exception as error:
        # The code of a user can raise anything.
        return Outcome(task.id, "failed", reason_of(error))


def _do(task: Task, place: Place) -> Outcome:
    # This module imports torch.
    from ...baselines.device.threads import fixed_threads

    threads = task.conditions.threads
    here = _here(threads, task.conditions.device)
    if not place.mixed:
        task.conditions.check(here, str(place.folder))
    if here != task.conditions:
        note_machine(place.folder, here)
    started = time.perf_counter()
    attempt = place.new_attempt(task)
    with fixed_threads(threads):
        made = _maker_of(task.kind)(task, place, attempt)
    finished = time.perf_counter()
    place.publish(task, made)
    place.forget_attempts(task)
    published = time.perf_counter()
    seconds = {"work": finished - started, "publish": published - finished}
    return Outcome(task.id, "done", seconds=seconds, conditions=here)


@cache
def _here(threads: int, device: str) -> Conditions:
    return Conditions.here(threads, device)


def _maker_of(kind: Kind) -> Make:
    """Return the function that does tasks of a kind.

    It is imported only now, since it needs torch, and a driver needs no torch.
    """
    if kind == "training":
        from .training_task import make_training

        return make_training
    if kind == "features":
        from .features_task import make_features

        return make_features
    if kind == "answers":
        from .answers_task import make_answers

        return make_answers
    from .result_task import make_grid_result

    return make_grid_result
