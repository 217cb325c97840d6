"""How a worker does one task: once, under the right conditions, with a reason if it fails."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from fewbench.benchmark.cluster import worker
from fewbench.benchmark.cluster.conditions import Conditions
from fewbench.benchmark.cluster.place import DifferentCopies, Place
from fewbench.benchmark.cluster.task import Task
from fewbench.benchmark.cluster.worker import do_task

HERE = Conditions.here(threads=1)
TASK = Task("features", {"block": 0}, HERE, "embed images 0 to 9")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "work")


def make_with(monkeypatch: pytest.MonkeyPatch, make: worker.Make) -> None:
    monkeypatch.setattr(worker, "_maker_of", lambda _: make)


def say_threads(task: Task, place: Place, attempt: Path) -> Path:
    made = attempt / "file"
    made.write_text(str(torch.get_num_threads()))
    return made


def test_a_task_is_done_once_with_its_threads(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_with(monkeypatch, say_threads)
    task = replace(TASK, conditions=replace(HERE, threads=2))
    before = torch.get_num_threads()
    outcome = do_task(task, place)
    assert outcome.state == "done"
    assert outcome.seconds is not None
    assert outcome.seconds.keys() == {"work", "publish"}
    assert outcome.conditions == task.conditions
    assert place.file(task).read_text() == "2"
    assert torch.get_num_threads() == before
    assert place.attempts(task) == []
    assert do_task(task, place).seconds is None


def test_other_conditions_are_refused_unless_machines_may_be_mixed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_with(monkeypatch, say_threads)
    task = replace(TASK, conditions=replace(HERE, processor="another"))
    outcome = do_task(task, place)
    assert outcome.state == "failed"
    assert "--mixed" in outcome.reason
    outcome = do_task(task, replace(place, mixed=True))
    assert outcome.state == "done"
    # The log says how the machine computed that did the task.
    assert outcome.conditions == HERE


def test_a_task_in_work_elsewhere_is_busy(place: Place) -> None:
    with place.locked(TASK):
        assert do_task(TASK, place).state == "busy"


def test_a_task_published_before_the_lock_was_free_is_done(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_with(monkeypatch, say_threads)
    do_task(TASK, place)
    answers = iter([False, True])
    monkeypatch.setattr(Place, "is_done", lambda *_: next(answers))
    assert do_task(TASK, place).seconds is None


def test_different_copies_go_up(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def other_bytes(task: Task, place: Place, attempt: Path) -> Path:
        for name in ("one", "two"):
            (attempt / name).write_text(name)
        place.publish(task, attempt / "one")
        return attempt / "two"

    make_with(monkeypatch, other_bytes)
    with pytest.raises(DifferentCopies):
        do_task(TASK, place)
