"""A grid by real processes: a pool, shards at the same time, and Ctrl-C in between."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from fewbench_tests.commands import FEWBENCH, call_fewbench, run_fewbench
from fewbench_tests.small_grids import BOTH, write_grid

WORK = ("grid", "run", "grid.toml", "--out", "work")


@pytest.fixture(scope="module")
def done_by_pool(tmp_path_factory: pytest.TempPathFactory, glyphs_root: Path) -> Path:
    """The folder where two processes have done the grid of both learners."""
    folder = tmp_path_factory.mktemp("pool")
    write_grid(folder, f"seeds = 2\n{BOTH}")
    answer = run_fewbench(folder, glyphs_root, *WORK, "--workers", "2")
    assert answer.stdout.splitlines()[-1] == (
        "next: fewbench report work/results --out report"
    )
    assert "did 4 trainings, 10 blocks of features, 4 ranges of answers, 4 results" in (
        answer.stdout
    )
    return folder


def fingerprint(folder: Path, root: Path) -> str:
    status = call_fewbench(folder, root, "grid", "status", "work", "--json")
    return json.loads(status.stdout)["fingerprint"]


def test_pool_and_shards_make_the_same_bytes(
    done_by_pool: Path, tmp_path: Path, glyphs_root: Path
) -> None:
    write_grid(tmp_path, f"seeds = 2\n{BOTH}")
    shards = []
    for number in (1, 2, 3):
        words = [*WORK, "--shard", f"{number}/3", "--workers", "1", "--json"]
        environment = os.environ | {"FEWBENCH_DATA": str(glyphs_root)}
        shard = subprocess.Popen(
            [FEWBENCH, *words], cwd=tmp_path, env=environment, stdout=subprocess.PIPE
        )
        shards.append(shard)
    n_results = 0
    for shard in shards:
        answer, _ = shard.communicate(timeout=300)
        assert shard.returncode == 0
        n_results += json.loads(answer)["done"]["result"]
    assert n_results == 0
    merged = call_fewbench(tmp_path, glyphs_root, "grid", "merge", "work")
    assert merged.stdout.startswith("4 of 4 results saved\nnext: fewbench report work")
    assert fingerprint(tmp_path, glyphs_root) == fingerprint(done_by_pool, glyphs_root)
    arrays = sorted((done_by_pool / "work" / "results").glob("*.npz"))
    assert len(arrays) == 4
    for path in arrays:
        ours = tmp_path / "work" / "results" / path.name
        assert ours.read_bytes() == path.read_bytes()


def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(
    done_by_pool: Path, tmp_path: Path, glyphs_root: Path
) -> None:
    write_grid(tmp_path, f"seeds = 2\n{BOTH}")
    environment = os.environ | {"FEWBENCH_DATA": str(glyphs_root)}
    process = subprocess.Popen(
        [FEWBENCH, *WORK, "--workers", "1"],
        cwd=tmp_path,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not list((tmp_path / "work").glob("training/*/*")):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in said
    last = said.splitlines()[-1]
    assert last.startswith("stopped: ")
    assert last.endswith(" done. To go on, type the same command")
    run_fewbench(tmp_path, glyphs_root, *WORK, "--workers", "1")
    assert fingerprint(tmp_path, glyphs_root) == fingerprint(done_by_pool, glyphs_root)
