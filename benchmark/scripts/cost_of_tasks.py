"""What the tasks of a grid cost beside their work: the table of docs/grids.md.

    python benchmark/scripts/cost_of_tasks.py docs/grids.md [--ray]

A development script for a quiet machine. Every figure is the median of several rounds, with
the smallest and the largest one. The table replaces what is between the markers of the file.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from fewbench.benchmark.cluster.conditions import Conditions
from fewbench.benchmark.cluster.executor import Executor
from fewbench.benchmark.cluster.outcome import Outcome
from fewbench.benchmark.cluster.place import Place
from fewbench.benchmark.cluster.pool import ProcessPool
from fewbench.benchmark.cluster.schedule import run_flows
from fewbench.benchmark.cluster.task import Task

MARKERS = "<!-- costs -->", "<!-- /costs -->"
ROUNDS = 5
N_TASKS = 500
N_DONE = 10_000
CONDITIONS = Conditions("0", "0", "0", "any", "any", threads=1)


def task(number: int) -> Task:
    """A task that is like a range of episodes, but does not exist."""
    return Task("answers", {"start": number}, CONDITIONS, f"task {number}")


def do_nothing(one: Task, place: Place) -> Outcome:
    del place
    return Outcome(one.id, "done", seconds={})


def load_torch(one: Task, place: Place) -> Outcome:
    from fewbench.benchmark.cluster.worker import do_task

    assert do_task
    from fewbench.benchmark import train

    assert train
    return do_nothing(one, place)


def publish_little(one: Task, place: Place) -> Outcome:
    with place.locked(one):
        made = place.new_attempt(one) / "file"
        made.write_bytes(bytes(1000))
        place.publish(one, made)
        place.forget_attempts(one)
    return do_nothing(one, place)


def start_of_a_worker(folder: Path) -> float:
    started = time.perf_counter()
    with ProcessPool(Place(folder), 1, do=load_torch) as pool:
        wait_for(pool, 1)
        return time.perf_counter() - started


def wait_for(executor: Executor, n_tasks: int) -> None:
    """Submit some tasks, and wait until they have ended."""
    for number in range(n_tasks):
        executor.submit(task(-1 - number))
    n_ended = 0
    while n_ended < n_tasks:
        n_ended += len(executor.finished(60))


def a_task(executor: Executor, folder: Path) -> float:
    """The seconds for each of many tasks."""
    wait_for(executor, executor.slots)
    started = time.perf_counter()
    tasks = (task(number) for number in range(N_TASKS))
    summary = run_flows([iter([tasks])], executor, Place(folder))
    assert summary.done.total() == N_TASKS
    return (time.perf_counter() - started) / N_TASKS


def in_a_pool(do: Callable[[Task, Place], Outcome]) -> Callable[[Path], float]:
    def measure(folder: Path) -> float:
        with ProcessPool(Place(folder), 1, do=do) as pool:
            return a_task(pool, folder)

    return measure


def on_ray(do: Callable[[Task, Place], Outcome]) -> Callable[[Path], float]:
    def measure(folder: Path) -> float:
        from fewbench.benchmark.cluster.on_ray import RayCluster

        with RayCluster(Place(folder), "local", do=do) as cluster:
            return a_task(cluster, folder)

    return measure


def a_task_that_is_done(folder: Path) -> float:
    """The seconds for each of many tasks whose files are there already."""
    place = Place(folder)
    for number in range(N_DONE):
        path = place.file(task(number))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    tasks = (task(number) for number in range(N_DONE))
    with ProcessPool(place, 1, do=do_nothing) as pool:
        started = time.perf_counter()
        summary = run_flows([iter([tasks])], pool, place)
        assert summary.existed.total() == N_DONE
        return (time.perf_counter() - started) / N_DONE


def publishing(n_bytes: int) -> Callable[[Path], float]:
    def measure(folder: Path) -> float:
        place = Place(folder)
        made = place.new_attempt(task(0)) / "file"
        made.write_bytes(bytes(n_bytes))
        started = time.perf_counter()
        place.publish(task(0), made)
        return time.perf_counter() - started

    return measure


def rows(with_ray: bool) -> Iterator[tuple[str, Callable[[Path], float]]]:
    """What is measured: words, and a function that returns seconds."""
    yield "start a worker: a process, torch and fewbench", start_of_a_worker
    yield "hand out a task and hear of its end, process pool", in_a_pool(do_nothing)
    if with_ray:
        yield "the same, Ray on this machine", on_ray(do_nothing)
    words = "the same with a lock, an attempt and 1 kB published, process pool"
    yield words, in_a_pool(publish_little)
    yield "see that a task is done already", a_task_that_is_done
    yield "publish 1 kB (sync and link)", publishing(1000)
    yield "publish 10 MB", publishing(10_000_000)


def table(with_ray: bool) -> str:
    lines = ["| step | median | smallest to largest |", "|---|--:|--:|"]
    for words, measure in rows(with_ray):
        seconds: list[float] = []
        for _ in range(ROUNDS):
            with tempfile.TemporaryDirectory() as folder:
                seconds.append(measure(Path(folder)))
        low, middle, high = min(seconds), statistics.median(seconds), max(seconds)
        line = f"| {words} | {shown(middle)} | {shown(low)} to {shown(high)} |"
        print(line, flush=True)
        lines.append(line)
    return "\n".join(lines)


def shown(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{1000 * seconds:.2g} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path)
    parser.add_argument("--ray", action="store_true")
    arguments = parser.parse_args()
    text = arguments.page.read_text(encoding="utf-8")
    before, _, rest = text.partition(MARKERS[0])
    _, _, after = rest.partition(MARKERS[1])
    assert after, f"no markers in {arguments.page}"
    made = table(arguments.ray)
    text = f"{before}{MARKERS[0]}\n{made}\n{MARKERS[1]}{after}"
    arguments.page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
