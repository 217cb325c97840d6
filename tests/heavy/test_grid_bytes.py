"""One grid by a pool, on a Ray cluster and in shards, with and without kills: equal bytes.

2 learners x glyphs and Omniglot x 2 seeds, 30 steps, 200 episodes. Omniglot is tried where
FEWBENCH_TEST_DATA names the folder with its archives. FEWBENCH_TEST_KILLED_GRIDS, such as
"2", replaces the numbers of runs with kills.
"""

import json
import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from fewbench_tests.commands import FEWBENCH
from fewbench_tests.killing import command_of, descendants, run_with_kills

GRID = """
seeds = 2
threads = 1
episodes_per_task = 64
images_per_task = 1024

[[part]]
recipes = ["protonet-glyphs", "maml-glyphs"]
protocols = ["glyphs-5w1s"]
episodes = 200
settings = {steps = 30, width = 8, val_episodes = 20, validate_every = 10}
"""
OMNIGLOT = """
[[part]]
recipes = ["protonet-omniglot-short", "maml-omniglot-short"]
protocols = ["omniglot-5w1s"]
episodes = 200
settings = {steps = 30, width = 8, val_episodes = 20, validate_every = 10}
"""
N_RUNS = os.environ.get("FEWBENCH_TEST_KILLED_GRIDS")


def runs(usual: int) -> range:
    return range(int(N_RUNS or usual))


class Grids:
    """Runs of one grid, each in a folder of its own."""

    def __init__(self, folder: Path, data: Path) -> None:
        self.folder = folder
        self.grid = folder / "grid.toml"
        text = GRID
        if (data / "omniglot").exists():
            text += OMNIGLOT
        self.grid.write_text(text, encoding="utf-8")
        self.environment = os.environ | {
            "FEWBENCH_DATA": str(data),
            "COLUMNS": "120",
            "OMP_NUM_THREADS": "1",
            "RAY_USAGE_STATS_ENABLED": "0",
        }

    def command(self, out: str, *options: str) -> list[str | Path]:
        return [
            FEWBENCH,
            "grid",
            "run",
            self.grid,
            "--out",
            self.folder / out,
            *options,
        ]

    def run(self, out: str, *options: str) -> None:
        subprocess.run(self.command(out, *options), env=self.environment, check=True)

    def merge(self, out: str) -> None:
        command = [FEWBENCH, "grid", "merge", self.folder / out]
        subprocess.run(command, env=self.environment, check=True)

    def files(self, out: str) -> dict[str, bytes]:
        """The published files, and the arrays of the results."""
        found = {}
        folder = self.folder / out
        for kind in ("training", "features", "answers", "result"):
            for path in (folder / kind).rglob("*.*"):
                found[path.relative_to(folder).as_posix()] = path.read_bytes()
        for path in (folder / "results").rglob("*.npz"):
            found[path.relative_to(folder).as_posix()] = path.read_bytes()
        return found

    def fingerprint(self, out: str) -> str:
        command = [FEWBENCH, "grid", "status", self.folder / out, "--json"]
        done = subprocess.run(
            command, env=self.environment, check=True, capture_output=True
        )
        return json.loads(done.stdout)["fingerprint"]


@pytest.fixture(scope="module")
def grids(tmp_path_factory: pytest.TempPathFactory, glyphs_root: Path) -> Grids:
    folder = tmp_path_factory.mktemp("grids")
    data = folder / "data"
    data.mkdir()
    (data / "glyphs").symlink_to(glyphs_root / "glyphs")
    archives = os.environ.get("FEWBENCH_TEST_DATA")
    if archives:
        source = str(Path(archives) / "omniglot")
        command = [FEWBENCH, "data", "build", "omniglot", "--source", source]
        subprocess.run([*command, "--root", str(data)], check=True)
    grids = Grids(folder, data)
    grids.run("one", "--workers", "1")
    return grids


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of three nodes on this machine, with one core each."""
    cluster_utils = pytest.importorskip("ray.cluster_utils", reason="needs ray")
    node = {
        "num_cpus": 1,
        "memory": 2 << 30,
        "object_store_memory": 100 << 20,
    }
    nodes = cluster_utils.Cluster(
        initialize_head=True, head_node_args={**node, "include_dashboard": False}
    )
    for _ in range(2):
        nodes.add_node(**node)
    nodes.wait_for_nodes()
    yield nodes.address
    nodes.shutdown()


def ray_workers(pid: int) -> list[int]:
    """The workers of the cluster that do a task. Its nodes belong to this process."""
    del pid
    every = descendants(os.getpid())
    return [one for one in every if command_of(one).startswith("ray::do_")]


def check_equal(grids: Grids, out: str) -> None:
    expected = grids.files("one")
    assert expected
    assert grids.files(out) == expected
    assert grids.fingerprint(out) == grids.fingerprint("one")


def test_a_pool_makes_the_same_bytes(grids: Grids) -> None:
    grids.run("pool", "--workers", "2")
    check_equal(grids, "pool")


@pytest.mark.parametrize("n_shards", [2, 7])
def test_shards_make_the_same_bytes(grids: Grids, n_shards: int) -> None:
    out = f"{n_shards}-shards"
    for shard in range(1, n_shards + 1):
        grids.run(out, "--shard", f"{shard}/{n_shards}")
    grids.merge(out)
    check_equal(grids, out)


def test_a_ray_cluster_makes_the_same_bytes(grids: Grids, cluster: str) -> None:
    grids.run("ray", "--ray", cluster)
    check_equal(grids, "ray")


@pytest.mark.parametrize("seed", runs(20))
def test_a_pool_with_kills_makes_the_same_bytes(grids: Grids, seed: int) -> None:
    generator = random.Random(seed)
    out = f"killed-pool-{seed}"
    command = grids.command(out, "--workers", "2")
    assert run_with_kills(command, grids.environment, generator, 6, most_seconds=12)
    check_equal(grids, out)


@pytest.mark.parametrize("seed", runs(5))
def test_ray_with_kills_makes_the_same_bytes(
    grids: Grids, cluster: str, seed: int
) -> None:
    generator = random.Random(seed)
    out = f"killed-ray-{seed}"
    command = grids.command(out, "--ray", cluster)
    assert run_with_kills(
        command, grids.environment, generator, 3, 15, find_workers=ray_workers
    )
    check_equal(grids, out)


@pytest.mark.parametrize("seed", runs(5))
def test_shards_with_kills_make_the_same_bytes(grids: Grids, seed: int) -> None:
    generator = random.Random(seed)
    out = f"killed-shards-{seed}"
    killed = 0
    for shard in ("1/2", "2/2"):
        command = grids.command(out, "--shard", shard)
        killed += run_with_kills(command, grids.environment, generator, 3, 12)
    assert killed
    grids.merge(out)
    check_equal(grids, out)
