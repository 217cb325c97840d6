"""Tasks that take no time: each one writes a small file. No torch is needed for them."""

import itertools
import os
import signal
import time
import weakref
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from fewbench.benchmark.cluster.conditions import Conditions
from fewbench.benchmark.cluster.outcome import Outcome
from fewbench.benchmark.cluster.place import Place
from fewbench.benchmark.cluster.task import Kind, Task
from fewbench.locks import Busy

CONDITIONS = Conditions("0", "2", "2", "cpu", "AVX2", threads=1)


def cheap_task(kind: Kind, flow: int, number: int, **how: object) -> Task:
    title = f"{kind} {number} of flow {flow}"
    return Task(kind, {"flow": flow, "number": number}, CONDITIONS, title, how)


def cheap_flow(
    flow: int, n_answers: int = 3, **how: object
) -> Iterator[Iterator[Task]]:
    """A training, two blocks of features, ranges of answers, and a result."""
    yield iter([cheap_task("training", flow, 0, **how)])
    yield (cheap_task("features", flow, number, **how) for number in range(2))
    yield (cheap_task("answers", flow, number, **how) for number in range(n_answers))
    yield iter([cheap_task("result", flow, 0, **how)])


def do_cheaply(task: Task, place: Place) -> Outcome:
    """Do a task as `do_task` does, but without any computation.

    task.how: "seconds" to take; "mark" for the folder where each attempt leaves a file;
        "die" for the signal that ends the process; "lives" for how many attempts die
    """
    if place.is_done(task):
        return Outcome(task.id, "done")
    try:
        with place.locked(task):
            if place.is_done(task):
                return Outcome(task.id, "done")
            mark_attempt(task)
            attempt = place.new_attempt(task)
            _die(task, place)
            time.sleep(task.how.get("seconds", 0))
            made = attempt / "file"
            made.write_text(task.title)
            place.publish(task, made)
            place.forget_attempts(task)
    except Busy:
        return Outcome(task.id, "busy")
    except OSError as error:
        return Outcome(task.id, "failed", str(error))
    return Outcome(task.id, "done", seconds={"work": 0.0, "publish": 0.0})


def attempts_marked(folder: Path) -> list[str]:
    """The titles of all tasks that were begun, once for each attempt."""
    titles: list[str] = []
    for path in folder.iterdir():
        titles.append(path.name.split(".")[0])
    return sorted(titles)


def published(place: Place) -> dict[str, bytes]:
    """The bytes of all published files, by name."""
    files: dict[str, bytes] = {}
    for kind in ("training", "features", "answers", "result"):
        for path in (place.folder / kind).glob("*/*"):
            files[path.name] = path.read_bytes()
    return files


class InProcess:
    """An executor that does one task at each call of `finished`, in this process."""

    def __init__(self, place: Place, slots: int = 2) -> None:
        self.slots = slots
        self.place = place
        self.most_waiting = 0
        self.order: list[str] = []
        self._waiting: deque[Task] = deque()

    def submit(self, task: Task) -> None:
        self._waiting.append(task)
        self.most_waiting = max(self.most_waiting, len(self._waiting))

    def finished(self, timeout: float) -> list[Outcome]:
        if not self._waiting:
            time.sleep(timeout)
            return []
        task = self._waiting.popleft()
        self.order.append(task.title)
        return [self.do(task)]

    def do(self, task: Task) -> Outcome:
        return do_cheaply(task, self.place)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._waiting.clear()


class Forgetful(InProcess):
    """An executor that does nothing, and says that all is done."""

    def do(self, task: Task) -> Outcome:
        self.order.clear()
        return Outcome(task.id, "done", seconds={"work": 0.0})


class CountedTasks:
    """Ranges of answers that count how many of them exist at the same time."""

    def __init__(self, n_tasks: int) -> None:
        self.n_tasks = n_tasks
        self.most_alive = 0
        self._alive = 0

    def __iter__(self) -> Iterator[Task]:
        for number in range(self.n_tasks):
            task = cheap_task("answers", 0, number)
            self._alive += 1
            self.most_alive = max(self.most_alive, self._alive)
            weakref.finalize(task, self._forget).atexit = False
            yield task

    def _forget(self) -> None:
        self._alive -= 1


def mark_attempt(task: Task) -> None:
    folder = task.how.get("mark")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        for number in itertools.count():
            path = Path(folder) / f"{task.title}.{number}"
            try:
                path.touch(exist_ok=False)
            except FileExistsError:
                continue
            return


def _die(task: Task, place: Place) -> None:
    number = task.how.get("die")
    if number and len(place.attempts(task)) <= task.how.get("lives", 100):
        os.kill(os.getpid(), signal.Signals(number))
        time.sleep(60)
