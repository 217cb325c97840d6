"""Flows of tasks: the order, retries, shares, and bounded memory."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from fewbench.benchmark.cluster.outcome import Outcome
from fewbench.benchmark.cluster.place import DifferentCopies, Place
from fewbench.benchmark.cluster.schedule import run_flows
from fewbench.benchmark.cluster.share import Share
from fewbench.benchmark.cluster.summary import Summary
from fewbench.benchmark.cluster.task import Task
from fewbench.errors import UserError
from fewbench.signals import Interrupted
from fewbench_tests.cheap_tasks import (
    CountedTasks,
    Forgetful,
    InProcess,
    attempts_marked,
    cheap_flow,
    cheap_task,
    published,
)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "work")


class Failing(InProcess):
    """Some tasks fail so many times before they succeed."""

    def __init__(self, place: Place, failures: dict[str, int]) -> None:
        super().__init__(place)
        self.failures = Counter(failures)

    def do(self, task: Task) -> Outcome:
        if self.failures[task.title] > 0:
            self.failures[task.title] -= 1
            return Outcome(task.id, "died", "the process was killed by SIGKILL")
        return super().do(task)


def test_each_batch_comes_after_the_one_before(place: Place) -> None:
    executor = InProcess(place)
    summary = run_flows(map(cheap_flow, range(3)), executor, place)
    assert len(executor.order) == len(set(executor.order)) == 3 * 7
    for flow in range(3):
        those = [title for title in executor.order if title.endswith(f"flow {flow}")]
        kinds = [title.split()[0] for title in those]
        assert kinds == ["training", *["features"] * 2, *["answers"] * 3, "result"]
    assert summary.done == {"training": 3, "features": 6, "answers": 9, "result": 3}
    assert summary.n_finished == 21
    assert summary.running == 0


def test_what_is_published_is_not_submitted_again(place: Place) -> None:
    run_flows(map(cheap_flow, range(2)), InProcess(place), place)
    executor = InProcess(place)
    summary = run_flows(map(cheap_flow, range(3)), executor, place)
    assert len(executor.order) == 7
    assert summary.existed.total() == 14
    assert summary.done.total() == 7


def test_a_task_is_tried_three_times_and_the_rest_goes_on(place: Place) -> None:
    failures = {"features 1 of flow 0": 2, "answers 1 of flow 1": 3}
    executor = Failing(place, failures)
    summary = run_flows(map(cheap_flow, range(3)), executor, place)
    assert executor.order.count("features 1 of flow 0") == 3
    assert executor.order.count("answers 1 of flow 1") == 3
    assert "result 0 of flow 0" in executor.order
    assert "result 0 of flow 1" not in executor.order
    assert "result 0 of flow 2" in executor.order
    assert list(summary.failure_lines()) == [
        "answers 1 of flow 1: failed 3 times: the process was killed by SIGKILL"
    ]


def test_an_error_of_a_flow_ends_only_this_flow(place: Place) -> None:
    def wrong() -> Iterator[list[Task]]:
        yield [cheap_task("training", 7, 0)]
        raise UserError("omniglot: not built")

    def wrong_batch() -> Iterator[Iterator[Task]]:
        def tasks() -> Iterator[Task]:
            yield cheap_task("training", 8, 0)
            raise UserError("glyphs: not built")

        yield tasks()

    flows = [wrong(), wrong_batch(), cheap_flow(0)]
    summary = run_flows(flows, InProcess(place), place)
    assert sorted(summary.failure_lines()) == [
        "the tasks after: training 0 of flow 7: failed 1 time: omniglot: not built",
        "the tasks after: training 0 of flow 8: failed 1 time: glyphs: not built",
    ]
    assert summary.done == {"training": 3, "features": 2, "answers": 3, "result": 1}


def test_a_task_of_two_flows_is_done_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fewbench.benchmark.cluster.retries._SECONDS_PUT_OFF", 0.01)
    executor = InProcess(place)
    summary = run_flows([cheap_flow(0), cheap_flow(0)], executor, place)
    assert len(executor.order) == 7
    assert summary.n_finished == 14


def test_busy_is_not_a_failure(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fewbench.benchmark.cluster.retries._SECONDS_PUT_OFF", 0.01)
    executor = InProcess(place)
    busy = 5

    def do(task: Task) -> Outcome:
        nonlocal busy
        if task.kind == "training" and busy:
            busy -= 1
            return Outcome(task.id, "busy")
        return InProcess.do(executor, task)

    monkeypatch.setattr(executor, "do", do)
    summary = run_flows([cheap_flow(0), cheap_flow(1)], executor, place)
    assert summary.failures == []
    assert summary.n_finished == 14


def test_different_copies_stop_everything(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def do(task: Task) -> Outcome:
        raise DifferentCopies("two attempts made different bytes")

    executor = InProcess(place)
    monkeypatch.setattr(executor, "do", do)
    with pytest.raises(DifferentCopies):
        run_flows([cheap_flow(0), cheap_flow(1)], executor, place)
    assert len(executor.order) == 1


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_ends_with_a_true_sentence(
    place: Place, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    number = getattr(signal, name)
    executor = InProcess(place)

    def do(task: Task) -> Outcome:
        if len(executor.order) == 4:
            os.kill(os.getpid(), number)
        return InProcess.do(executor, task)

    monkeypatch.setattr(executor, "do", do)
    with pytest.raises(Interrupted) as stopped:
        run_flows([cheap_flow(0)], executor, place)
    assert stopped.value.number == number
    assert stopped.value.line == (
        "stopped: 4 tasks are done. To go on, type the same command"
    )
    assert len(published(place)) == 4


@pytest.mark.parametrize("n_shares", [2, 3])
def test_shares_one_after_the_other_do_everything_once(
    place: Place, tmp_path: Path, n_shares: int
) -> None:
    mark = str(tmp_path / "marks")
    for number in range(n_shares):
        flows = [cheap_flow(flow, 5, mark=mark) for flow in range(4)]
        executor = InProcess(place)
        run_flows(flows, executor, place, share=Share(number, n_shares))
        # Nobody else does the work that this share needs, so it does it. It leaves answers.
        answers = [title for title in executor.order if title.startswith("answers")]
        assert len(answers) < 4 * 5
        assert not any(title.startswith("result") for title in executor.order)
    titles = attempts_marked(tmp_path / "marks")
    assert len(titles) == len(set(titles)) == 4 * 8

    merged = InProcess(place)
    run_flows((cheap_flow(flow, 5) for flow in range(4)), merged, place)
    assert sorted(merged.order) == [f"result 0 of flow {flow}" for flow in range(4)]


def test_a_share_does_its_own_trainings_first(place: Place) -> None:
    executor = InProcess(place, slots=1)
    run_flows(map(cheap_flow, range(6)), executor, place, share=Share(1, 3))
    trainings = [title for title in executor.order if title.startswith("training")]
    assert set(trainings[:2]) == {"training 0 of flow 1", "training 0 of flow 4"}
    assert len(trainings) == 6


def test_few_of_many_tasks_exist_at_any_time(place: Place) -> None:
    tasks = CountedTasks(3_000)
    executor = Forgetful(place, slots=4)
    summary = run_flows([iter([tasks])], executor, place)
    assert summary.done == {"answers": 3_000}
    assert executor.most_waiting <= 4 * 4
    assert tasks.most_alive <= 4 * 4 + 3


def test_what_is_watched_ends_with_the_last_counts(place: Place) -> None:
    seen: list[int] = []

    def watch(summary: Summary) -> None:
        seen.append(summary.n_finished)

    run_flows([cheap_flow(0)], InProcess(place), place, watch=watch)
    assert seen[-1] == 7


def test_a_flow_without_a_batch_is_over(place: Place) -> None:
    def nothing() -> Iterator[list[Task]]:
        yield from ()

    flows = [nothing(), cheap_flow(0), nothing()]
    summary = run_flows(flows, InProcess(place), place)
    assert summary.done.total() == 7
    assert not summary.failures
