"""What tasks may do beside writing a file. Workers import these functions."""

import os
import signal
import sys
import time

from fewbench.benchmark.cluster.outcome import Outcome
from fewbench.benchmark.cluster.place import DifferentCopies, Place
from fewbench.benchmark.cluster.task import Task
from fewbench.signals import Interrupted, held_signals

from .cheap_tasks import mark_attempt


def do_and_save(task: Task, place: Place) -> Outcome:
    """Save a state when a signal asks the process to end, as a training does."""
    attempt = place.new_attempt(task)
    with held_signals() as request:
        mark_attempt(task)
        for _ in range(int(task.how["seconds"] * 100)):
            time.sleep(0.01)
            try:
                request.check()
            except Interrupted:
                (attempt / "saved").touch()
                raise
    return Outcome(task.id, "failed", "it was not stopped")


def raise_anything(task: Task, place: Place) -> Outcome:
    """End the process, or find different copies."""
    if task.kind == "training":
        sys.exit("the code of a user ends the process")
    raise DifferentCopies("two attempts made different bytes")


def say_environment(task: Task, place: Place) -> Outcome:
    """Say how many threads a worker has, and whether it ignores Ctrl-C."""
    ignores = signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    return Outcome(task.id, "failed", f"{os.environ['OMP_NUM_THREADS']} {ignores}")
