"""A flow: batches of tasks, where each batch needs the files of the one before."""

from collections.abc import Iterable, Iterator

from .task import Task

# None stands in the place of a task that nothing needs any more.
Flow = Iterator[Iterable[Task | None]]


class OpenFlow:
    """A flow under way.

    number: the number of the flow, from 0
    batch: the tasks of its batch that nobody has asked for yet, with their numbers
    has_more: whether the batch may have more tasks
    waits_for: the number of tasks that were handed out and are not done
    missing: tasks of other shares that were not done when they were looked at
    last_title: the title of the last task that was handed out
    """

    def __init__(self, number: int, batches: Flow) -> None:
        self.number = number
        self.batch: Iterator[tuple[int, Task | None]] = iter(())
        self.has_more = False
        self.has_ended = False
        self.waits_for = 0
        self.missing: list[Task] = []
        self.last_title = ""
        self._batches = batches

    def advance(self) -> bool:
        """Go to the next batch. Return whether there is one."""
        for batch in self._batches:
            self.batch = enumerate(batch)
            self.has_more = True
            return True
        self.end()
        return False

    def end(self) -> None:
        """Give up all that is left of the flow."""
        self.has_ended = True
        self.has_more = False
        self.batch = iter(())
        self.missing = []
        self._batches = iter(())
