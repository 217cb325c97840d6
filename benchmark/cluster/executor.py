"""Where tasks run: what the scheduler needs of a pool of processes or a cluster."""

from types import TracebackType
from typing import Protocol, Self

from .outcome import Outcome
from .task import Task


class Executor(Protocol):
    """Where tasks run. Leaving its `with` block ends all its workers.

    slots: the number of tasks that run at a time
    """

    @property
    def slots(self) -> int: ...

    def submit(self, task: Task) -> None:
        """Run a task as soon as a slot is free."""
        ...

    def finished(self, timeout: float) -> list[Outcome]:
        """Return what became of the tasks that ended since the last call.

        timeout: the most seconds to wait for the first of them
        Raises DifferentCopies if two attempts at a task made different bytes.
        """
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...
