"""Where tasks run, as the options say."""

from pathlib import Path

from fewbench.benchmark.cli.worker_options import choose_executor
from fewbench.benchmark.cluster.in_process import InProcess
from fewbench.benchmark.cluster.on_ray import RayCluster
from fewbench.benchmark.cluster.place import Place
from fewbench.benchmark.cluster.pool import ProcessPool


def test_no_more_processes_than_needed(tmp_path: Path) -> None:
    place = Place(tmp_path)
    pool = choose_executor(place, 3, None, 1, n_tasks=5)
    assert isinstance(pool, ProcessPool)
    assert pool.slots == 3
    assert choose_executor(place, 8, None, 1, n_tasks=2).slots == 2
    assert isinstance(choose_executor(place, 1, None, 2, n_tasks=9), InProcess)
    assert isinstance(choose_executor(place, 4, None, 2, n_tasks=1), InProcess)
    assert isinstance(choose_executor(place, None, None, 10**6, n_tasks=9), InProcess)


def test_a_cluster_is_chosen_by_its_address(tmp_path: Path) -> None:
    chosen = choose_executor(Place(tmp_path), None, "auto", 1, n_tasks=1)
    assert isinstance(chosen, RayCluster)
