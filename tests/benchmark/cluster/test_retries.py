"""When a task is tried again."""

import time

import pytest

from fewbench.benchmark.cluster import retries
from fewbench.benchmark.cluster.flow import OpenFlow
from fewbench.benchmark.cluster.retries import Retries
from fewbench_tests.cheap_tasks import cheap_task

TASK = cheap_task("training", 0, 0)


@pytest.fixture
def flow() -> OpenFlow:
    return OpenFlow(0, iter(()))


def test_a_task_that_failed_is_due_at_once_and_three_times_at_most(
    flow: OpenFlow,
) -> None:
    again = Retries()
    assert again.fail(flow, TASK) == 1
    assert again.next() == (flow, TASK)
    assert again.next() is None
    assert again.fail(flow, TASK) == 2
    assert again.next() == (flow, TASK)
    assert again.fail(flow, TASK) == 3
    assert again.next() is None


def test_success_forgets_failures(flow: OpenFlow) -> None:
    again = Retries()
    again.fail(flow, TASK)
    again.forget(TASK)
    again.forget(TASK)
    assert again.fail(flow, TASK) == 1


def test_a_busy_task_is_due_after_a_second(
    flow: OpenFlow, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    again = Retries()
    again.put_off(flow, TASK)
    assert again.next() is None
    assert len(again) == 1
    now = 101.1
    assert again.next() == (flow, TASK)
    assert len(again) == 0


def test_tasks_of_flows_that_ended_are_dropped(
    flow: OpenFlow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "_SECONDS_PUT_OFF", 0.0)
    again = Retries()
    again.fail(flow, TASK)
    again.put_off(flow, TASK)
    flow.end()
    assert again.next() is None
    assert len(again) == 0
