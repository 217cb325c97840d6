"""What became of some work: counts of tasks, and a sentence for each failure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from fewbench.documents import counted, shown

from .task import Kind

_LONGEST_REASON = 600


@dataclass(frozen=True)
class Failure:
    """A task that failed too often, which ended its flow.

    title: the title of the task
    reason: why the last attempt failed: a sentence
    attempts: the number of attempts
    """

    title: str
    reason: str
    attempts: int


@dataclass
class Summary:
    """Counts of the tasks so far, by kind.

    existed: tasks that were done before
    done: tasks that were done by the workers of this command
    by_others: tasks that other commands did in the meantime
    running: the number of tasks that are being done
    waiting: why a task waits for another command; "" if none does
    seconds: the time since the start
    """

    existed: Counter[Kind] = field(default_factory=Counter)
    done: Counter[Kind] = field(default_factory=Counter)
    by_others: Counter[Kind] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    running: int = 0
    waiting: str = ""
    seconds: float = 0.0

    @property
    def n_finished(self) -> int:
        """The number of tasks whose files are published, whoever did them."""
        return self.existed.total() + self.done.total() + self.by_others.total()

    def failure_lines(self) -> Iterator[str]:
        """Yield a sentence for each reason why tasks failed."""
        titles: dict[tuple[str, int], list[str]] = {}
        for failure in self.failures:
            key = (failure.reason, failure.attempts)
            titles.setdefault(key, []).append(failure.title)
        for (reason, attempts), those in titles.items():
            what = shown(those[0], 200)
            if len(those) > 1:
                what += f", and {counted(len(those) - 1, 'other task')}"
            times = counted(attempts, "time")
            why = shown(reason, _LONGEST_REASON).rstrip(".")
            yield f"{what}: failed {times}: {why}"
