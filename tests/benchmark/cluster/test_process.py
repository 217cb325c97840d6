"""What becomes of a task in a worker process, in the log and for its driver."""

from pathlib import Path

import pytest

from fewbench.benchmark.cluster.log import read_log
from fewbench.benchmark.cluster.outcome import Outcome
from fewbench.benchmark.cluster.place import DifferentCopies, Place
from fewbench.benchmark.cluster.process import attempt
from fewbench.benchmark.cluster.task import Task
from fewbench.signals import Interrupted
from fewbench_tests.cheap_tasks import cheap_task, do_cheaply

TASK = cheap_task("training", 0, 0)


def raising(error: BaseException):
    def do(task: Task, place: Place) -> Outcome:
        raise error

    return do


def test_a_task_that_is_done_is_in_the_log(tmp_path: Path) -> None:
    assert attempt(do_cheaply, TASK, Place(tmp_path)).state == "done"
    assert attempt(do_cheaply, TASK, Place(tmp_path)).state == "done"
    (line,) = read_log(tmp_path)
    assert line.state == "done"


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (KeyError("a"), "failed", "KeyError: 'a'"),
        (SystemExit("end\nhere"), "failed", "SystemExit: end here"),
        (Interrupted(15, "saved", "Go on"), "stopped", "saved. Go on"),
    ],
)
def test_whatever_a_task_raises_has_a_reason(
    tmp_path: Path, error: BaseException, state: str, reason: str
) -> None:
    outcome = attempt(raising(error), TASK, Place(tmp_path))
    assert (outcome.state, outcome.reason) == (state, reason)
    (line,) = read_log(tmp_path)
    assert (line.state, line.reason) == (state, reason)


def test_different_copies_are_in_the_log_and_go_up(tmp_path: Path) -> None:
    with pytest.raises(DifferentCopies):
        attempt(raising(DifferentCopies("two bytes")), TASK, Place(tmp_path))
    (line,) = read_log(tmp_path)
    assert line.reason == "two bytes"
