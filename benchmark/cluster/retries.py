"""Tasks that were handed to an executor, are not done, and are handed to it again."""

import time
from collections import Counter, deque

from .flow import OpenFlow
from .task import Task

MOST_FAILURES = 3
# After this time, a task on which another process works is asked for again.
_SECONDS_PUT_OFF = 1.0


class Retries:
    """Tasks that failed, and tasks on which other processes work."""

    def __init__(self) -> None:
        self._failed: deque[tuple[OpenFlow, Task]] = deque()
        self._put_off: deque[tuple[float, OpenFlow, Task]] = deque()
        self._failures: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._failed) + len(self._put_off)

    def fail(self, flow: OpenFlow, task: Task) -> int:
        """Try a task again unless it failed three times. Return how often it failed."""
        self._failures[task.id] += 1
        n_failures = self._failures[task.id]
        if n_failures < MOST_FAILURES:
            self._failed.append((flow, task))
        return n_failures

    def put_off(self, flow: OpenFlow, task: Task) -> None:
        """Ask for a task again in a second."""
        due = time.monotonic() + _SECONDS_PUT_OFF
        self._put_off.append((due, flow, task))

    def forget(self, task: Task) -> None:
        """Forget the failures of a task, which is done."""
        del self._failures[task.id]

    def next(self) -> tuple[OpenFlow, Task] | None:
        """Return the next task that is due, with its flow; None if none is due."""
        while self._failed:
            flow, task = self._failed.popleft()
            if not flow.has_ended:
                return flow, task
        now = time.monotonic()
        while self._put_off and self._put_off[0][0] <= now:
            _, flow, task = self._put_off.popleft()
            if not flow.has_ended:
                return flow, task
        return None
