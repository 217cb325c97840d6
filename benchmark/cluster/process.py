"""What runs in a worker process: one task after the other, until its driver ends.

A worker ignores Ctrl-C, which a terminal sends to all processes: its driver tells it to
end with SIGTERM. A training then saves its state first. Other tasks end at once, since
a new attempt at them costs little.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable

from fewbench.signals import Interrupted

from .log import append_line
from .outcome import Outcome
from .place import DifferentCopies, Place
from .task import Task

# A function that does a task, such as `do_task`.
Do = Callable[[Task, Place], Outcome]

# How long a training may take to save its state.
SECONDS_TO_SAVE = 60.0


def begin() -> None:
    """Prepare a process of the pool before its first task."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):  # missing on Windows
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_end_with_driver, daemon=True).start()


def attempt_in_pool(do: Do, task: Task, place: Place) -> Outcome:
    """Do a task, and end the process if a signal asked for it."""
    outcome = attempt(do, task, place)
    if outcome.state == "stopped":
        os._exit(128 + signal.SIGTERM)
    return outcome


def attempt(do: Do, task: Task, place: Place) -> Outcome:
    """Do a task, and write what became of it to the log.

    Raises DifferentCopies if another attempt made other bytes.
    """
    try:
        outcome = do(task, place)
    except DifferentCopies as error:
        append_line(place.folder, task, Outcome(task.id, "failed", str(error)))
        raise
    except KeyboardInterrupt as error:
        line = Interrupted.of(error).line
        outcome = Outcome(task.id, "stopped", line)
    except (Exception, SystemExit) as error:
        # The code of a user can raise anything.
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
        outcome = Outcome(task.id, "failed", reason)
    append_line(place.folder, task, outcome)
    return outcome


def _end_with_driver() -> None:
    """End this process when the process that started it has ended."""
    driver = multiprocessing.parent_process()
    if driver is None:
        return
    driver.join()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(SECONDS_TO_SAVE)
    os._exit(128 + signal.SIGTERM)
