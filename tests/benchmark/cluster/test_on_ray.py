"""The executor on Ray, with a stand-in for Ray. tests/heavy has a real cluster."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from fewbench.benchmark.cluster.on_ray import RayCluster, connect
from fewbench.benchmark.cluster.place import DifferentCopies, Place
from fewbench.benchmark.cluster.schedule import run_flows
from fewbench.errors import UserError
from fewbench_tests.cheap_tasks import CONDITIONS, cheap_flow, cheap_task, do_cheaply
from fewbench_tests.fake_ray import (
    FakeRay,
    NodeDiedError,
    OutOfMemoryError,
    RayError,
    WorkerCrashedError,
)
from fewbench_tests.odd_tasks import raise_anything


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "work")


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> FakeRay:
    fake = FakeRay()
    monkeypatch.setitem(sys.modules, "ray", fake)
    return fake


def test_without_ray_the_message_says_what_to_install(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with (
        pytest.raises(UserError, match=r"pip install 'ray>=2.40'.*leave --ray out"),
        RayCluster(place, "auto"),
    ):
        pass


def test_without_a_cluster_the_message_says_how_to_start_one(ray: FakeRay) -> None:
    with pytest.raises(UserError, match="type: ray start --head") as refused:
        connect("nowhere")
    assert "could not find any running Ray instance" in str(refused.value)


def test_all_tasks_are_done_and_the_connection_is_closed(
    place: Place, ray: FakeRay
) -> None:
    with RayCluster(place, "auto", threads=2, do=do_cheaply) as executor:
        assert executor.slots == 1
        summary = run_flows(map(cheap_flow, range(2)), executor, place)
        assert ray.connections == ["auto"]
    assert summary.done.total() == 14
    assert ray.options == {"num_cpus": 2, "max_retries": 0}
    assert ray.connections == []


def test_a_connection_of_the_user_stays(place: Place, ray: FakeRay) -> None:
    ray.init("mine")
    with RayCluster(place, "auto", do=do_cheaply):
        pass
    assert ray.connections == ["mine"]


@pytest.mark.parametrize(
    ("loss", "reason"),
    [
        (OutOfMemoryError(), "because the memory of its machine ran out"),
        (NodeDiedError(), "the machine that did it was lost"),
        (WorkerCrashedError(), "its process was killed or ended unexpectedly"),
        (RayError("what\nelse"), "RayError: what else"),
    ],
)
def test_what_is_lost_has_a_reason_and_is_tried_again(
    place: Place, ray: FakeRay, loss: RayError, reason: str
) -> None:
    flow = [[cheap_task("training", 0, 0)]]
    ray.losses = [loss, loss]
    with RayCluster(place, "auto", do=do_cheaply) as executor:
        assert run_flows([iter(flow)], executor, place).failures == []
        ray.losses = [loss, loss, loss]
        more = [[cheap_task("training", 1, 0)]]
        summary = run_flows([iter(more)], executor, place)
    (line,) = summary.failure_lines()
    assert line.endswith(reason)


def test_different_copies_stop_and_the_rest_is_cancelled(
    place: Place, ray: FakeRay
) -> None:
    tasks = [cheap_task("features", 0, number) for number in range(3)]
    with (
        pytest.raises(DifferentCopies, match="different bytes"),
        RayCluster(place, "auto", do=raise_anything) as executor,
    ):
        run_flows([iter([tasks])], executor, place)
    assert ray.cancelled == 2
    assert ray.connections == []


def test_a_task_on_a_gpu_asks_for_one(place: Place, ray: FakeRay) -> None:
    cuda = replace(CONDITIONS, device="cuda")
    task = replace(cheap_task("features", 0, 0), conditions=cuda)
    with RayCluster(place, "auto", do=do_cheaply) as executor:
        executor.submit(task)
    assert ray.options["num_gpus"] == 1


def test_too_many_threads_are_refused(place: Place, ray: FakeRay) -> None:
    with (
        pytest.raises(UserError, match="expected 3 cores, got at most 2"),
        RayCluster(place, "auto", threads=3),
    ):
        pass
    assert ray.connections == []
