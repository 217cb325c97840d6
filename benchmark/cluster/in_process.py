"""Run tasks in this process, one after the other: the executor that starts no other one."""

import time
from collections import deque
from types import TracebackType
from typing import Self

from .log import append_line
from .outcome import Outcome
from .place import Place
from .task import Task
from .worker import do_task


class InProcess:
    """An executor that does each task when its outcome is asked for.

    place: the shared folder of the work
    """

    slots = 1

    def __init__(self, place: Place) -> None:
        self._place = place
        self._waiting: deque[Task] = deque()

    def submit(self, task: Task) -> None:
        """Put a task behind those that wait."""
        self._waiting.append(task)

    def finished(self, timeout: float) -> list[Outcome]:
        """Do the next task. Return what became of it."""
        if not self._waiting:
            time.sleep(timeout)
            return []
        task = self._waiting.popleft()
        outcome = do_task(task, self._place)
        append_line(self._place.folder, task, outcome)
        return [outcome]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None:
        self._waiting.clear()
