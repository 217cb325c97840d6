"""A real Ray cluster of three nodes on this machine: lost workers, a lost node, a lost driver.

About a minute. It needs Linux and the package ray.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fewbench.benchmark.cluster.on_ray import RayCluster
from fewbench.benchmark.cluster.place import DifferentCopies, Place
from fewbench.benchmark.cluster.process import Do
from fewbench.benchmark.cluster.schedule import run_flows
from fewbench.benchmark.cluster.summary import Summary
from fewbench.errors import UserError
from fewbench_tests.cheap_tasks import (
    attempts_marked,
    cheap_flow,
    cheap_task,
    do_cheaply,
    published,
)
from fewbench_tests.odd_tasks import raise_anything
from fewbench_tests.paths import REPOSITORY

pytest.importorskip("ray")
pytestmark = pytest.mark.filterwarnings("ignore")

MB = 1 << 20


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # Ray's processes import the functions of the tests.
    support = str(REPOSITORY / "tests" / "support")
    before = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = f"{support}{os.pathsep}{before}"
    from ray.cluster_utils import Cluster

    node = {
        "num_cpus": 1,
        "num_gpus": 0,
        "memory": 500 * MB,
        "object_store_memory": 80 * MB,
    }
    cluster = Cluster(
        initialize_head=True, head_node_args={**node, "include_dashboard": False}
    )
    for _ in range(2):
        cluster.add_node(**node)
    cluster.wait_for_nodes()
    yield cluster
    cluster.shutdown()
    os.environ["PYTHONPATH"] = before


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "work")


def run(cluster: Any, place: Place, flows: Any, do: Do = do_cheaply) -> Summary:
    with RayCluster(place, cluster.address, do=do) as executor:
        return run_flows(flows, executor, place)


def test_three_nodes_do_everything_once(
    cluster: Any, place: Place, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    mark = str(tmp_path / "marks")
    with RayCluster(place, cluster.address, do=do_cheaply) as executor:
        assert executor.slots == 3
        flows = (cheap_flow(flow, 20, mark=mark) for flow in range(3))
        summary = run_flows(flows, executor, place)
    assert summary.done.total() == 3 * 24
    titles = attempts_marked(tmp_path / "marks")
    assert len(titles) == len(set(titles)) == 3 * 24
    assert capfd.readouterr() == ("", "")


def test_killed_workers_and_a_task_that_always_dies(
    cluster: Any, place: Place, tmp_path: Path
) -> None:
    mark = str(tmp_path / "marks")
    flows = [
        cheap_flow(0, 1, mark=mark, die=signal.SIGKILL, lives=1),
        iter([[cheap_task("training", 1, 0, mark=mark, die=signal.SIGKILL)]]),
        cheap_flow(2, mark=mark),
    ]
    summary = run(cluster, place, flows)
    titles = attempts_marked(tmp_path / "marks")
    assert titles.count("training 0 of flow 0") == 2
    assert titles.count("training 0 of flow 1") == 3
    assert list(summary.failure_lines()) == [
        "training 0 of flow 1: failed 3 times: its process was killed or ended "
        "unexpectedly"
    ]
    assert summary.done.total() == 5 + 7


def test_what_a_task_raises(cluster: Any, place: Place) -> None:
    with pytest.raises(DifferentCopies, match="two attempts made different bytes"):
        run(cluster, place, [iter([[cheap_task("features", 0, 0)]])], raise_anything)


def test_a_node_is_removed_under_its_tasks(
    cluster: Any, place: Place, tmp_path: Path
) -> None:
    node = cluster.add_node(
        num_cpus=1, num_gpus=0, memory=500 * MB, object_store_memory=80 * MB
    )
    cluster.wait_for_nodes()
    mark = str(tmp_path / "marks")
    flows = (cheap_flow(flow, 8, mark=mark, seconds=0.5) for flow in range(2))
    killer = threading.Timer(
        4.0, lambda: cluster.remove_node(node, allow_graceful=False)
    )
    killer.start()
    summary = run(cluster, place, flows)
    killer.join()
    assert summary.failures == []
    assert len(published(place)) == 2 * 12
    assert len(attempts_marked(tmp_path / "marks")) >= 2 * 12


DRIVER = """
import sys
from pathlib import Path
from fewbench.benchmark.cluster.on_ray import RayCluster
from fewbench.benchmark.cluster.place import Place
from fewbench.benchmark.cluster.schedule import run_flows
from fewbench.signals import Interrupted
from fewbench_tests.cheap_tasks import cheap_flow, do_cheaply
from fewbench_tests.odd_tasks import do_and_save

address, folder, mark, seconds, how = sys.argv[1:]
place = Place(Path(folder))
do = do_and_save if how == "save" else do_cheaply
flows = (cheap_flow(flow, 5, mark=mark, seconds=float(seconds)) for flow in range(3))
try:
    with RayCluster(place, address, do=do) as executor:
        run_flows(flows, executor, place)
except Interrupted as stop:
    print(stop.line)
    sys.exit(stop.exit_code)
"""

Drive = Callable[[str, str], subprocess.Popen[str]]


@pytest.fixture
def drive(cluster: Any, place: Place, tmp_path: Path) -> Drive:
    def start(seconds: str, how: str) -> subprocess.Popen[str]:
        script = tmp_path / "driver.py"
        script.write_text(DRIVER)
        command = [sys.executable, str(script), cluster.address, str(place.folder)]
        command += [str(tmp_path / "marks"), seconds, how]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    return start


def wait_for_marks(folder: Path, n: int) -> None:
    deadline = time.monotonic() + 60
    while not folder.exists() or len(list(folder.iterdir())) < n:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_killed_driver_is_started_again(
    place: Place, tmp_path: Path, drive: Drive
) -> None:
    first = drive("300", "")
    wait_for_marks(tmp_path / "marks", 3)
    first.kill()
    first.communicate()
    second = drive("0", "")
    text, _ = second.communicate(timeout=120)
    assert (second.returncode, text) == (0, "")
    assert len(published(place)) == 3 * 9
    # Ray has ended the workers of the first driver, so their locks were free.
    assert len(attempts_marked(tmp_path / "marks")) == 3 * 9 + 3


def test_a_signal_lets_workers_save(place: Place, tmp_path: Path, drive: Drive) -> None:
    driver = drive("300", "save")
    wait_for_marks(tmp_path / "marks", 3)
    driver.send_signal(signal.SIGINT)
    text, _ = driver.communicate(timeout=60)
    assert driver.returncode == 130
    assert text == "stopped: 0 tasks are done. To go on, type the same command\n"
    assert len(list((place.folder / "attempts").glob("*/*/saved"))) == 3


def test_more_threads_than_any_node_has_are_refused(cluster: Any, place: Place) -> None:
    with (
        pytest.raises(UserError, match="expected 2 cores, got at most 1"),
        RayCluster(place, cluster.address, threads=2),
    ):
        pass
