"""`fewbench grid`: run, look, go on, merge, and what is said when something is wrong."""

import json
import signal
from functools import partial
from pathlib import Path

import pytest

from fewbench.benchmark.cli import grid
from fewbench.benchmark.cluster.grid_work import open_grid, published_fingerprint
from fewbench.benchmark.cluster.outcome import Outcome
from fewbench.benchmark.cluster.place import Place
from fewbench.benchmark.cluster.task import Task
from fewbench.benchmark.cluster.worker import do_task
from fewbench.signals import Interrupted
from fewbench_tests.commands import call_fewbench
from fewbench_tests.small_grids import (
    BOTH,
    SMALL,
    WorksHere,
    done_here,
    opened,
    write_grid,
)

WORK = ("grid", "run", "grid.toml", "--out", "work")


@pytest.fixture
def call(tmp_path: Path, glyphs_root: Path):
    write_grid(tmp_path)
    return partial(call_fewbench, tmp_path, glyphs_root)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process do the tasks, in place of others that have to start first."""

    def executor(opened, workers, ray) -> WorksHere:
        return WorksHere(opened.plan.place)

    monkeypatch.setattr(grid, "_executor", executor)


def test_two_processes_make_the_bytes_of_one(
    tmp_path: Path, glyphs_root: Path, call
) -> None:
    write_grid(tmp_path, BOTH)
    answer = call(*WORK, "--workers", "2").stdout.splitlines()
    assert answer[0].startswith(
        "did 2 trainings, 5 blocks of features, 2 ranges of answers, 2 results, in "
    )
    assert answer[1] == "next: fewbench report work/results --out report"
    alone = opened(tmp_path / "alone", glyphs_root, BOTH)
    done_here(alone)
    status = json.loads(call("grid", "status", "work", "--json").stdout)
    assert status["fingerprint"] == published_fingerprint(alone.plan)
    assert len(status["machines"]) == 1
    assert status["failures"] == []
    for path in (alone.plan.place.folder / "results").glob("*.npz"):
        ours = tmp_path / "work" / "results" / path.name
        assert ours.read_bytes() == path.read_bytes()
    again = call(*WORK)
    assert again.stdout.startswith("did nothing, since all of it exists")
    assert call(*WORK, "--dry-run").stdout.endswith("nothing to do\n")


def test_shards_leave_the_results_to_merge(call, here) -> None:
    for number in (1, 2):
        shard = call(*WORK, "--shard", f"{number}/2")
        assert shard.stdout.endswith(
            "next: fewbench grid merge work, when all shards have ended\n"
        )
    merged = call("grid", "merge", "work")
    assert merged.stdout == (
        "2 of 2 results saved\nnext: fewbench report work/results --out report\n"
    )


def test_an_interruption_says_how_to_go_on(
    call, here, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(executor: WorksHere, task: Task) -> Outcome:
        if task.kind == "features":
            raise Interrupted(signal.SIGINT)
        return do_task(task, executor.place)

    monkeypatch.setattr(WorksHere, "do", interrupt)
    said = call(*WORK, code=130).stderr.splitlines()
    assert said[-1] == "stopped: 1 task is done. To go on, type the same command"


def test_a_failure_is_one_sentence_and_the_rest_goes_on(
    call, here, tmp_path: Path
) -> None:
    write_grid(tmp_path, f"{SMALL}[part.vary]\nlr = [0.001, 1e30]\n")
    document = json.loads(call(*WORK, "--json", code=1).stdout)
    [sentence] = document["failures"]
    assert sentence.startswith(
        "train protonet lr=1e+30 on glyphs, seed 0: failed 3 times: training diverged"
    )
    assert document["tasks"]["result"] == {"total": 4, "done": 2}


def test_a_folder_without_a_grid_is_said(call) -> None:
    for command in ("status", "merge"):
        answer = call("grid", command, "work", code=2)
        assert "expected the folder of a grid" in answer.stderr


def test_merge_says_what_is_missing_and_how_to_get_it(call, tmp_path: Path) -> None:
    open_grid(tmp_path / "grid.toml", Place(tmp_path / "work"))
    answer = call("grid", "merge", "work", code=1).stdout.splitlines()
    assert answer == [
        "0 of 2 results saved",
        "glyphs-5w1s-300ep by protonet on glyphs, seed 0: 2 of 2 ranges of answers missing",
        "glyphs-5w5s-300ep by protonet on glyphs, seed 0: 2 of 2 ranges of answers missing",
        "To make what is missing, type: fewbench grid run work/grid.toml --out work",
    ]
    status = call("grid", "status", "work").stdout
    assert status.splitlines()[:3] == [
        "                    done  to do",
        "trainings           0     1",
        "blocks of features  0     5",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*WORK, "--shard", "0/3"), "--shard: expected I/N with I from 1 to N"),
        ((*WORK, "--ray", "auto", "--workers", "2"), "expected one of them, got both"),
        (
            ("grid", "run", "none.toml", "--out", "work"),
            "none.toml: cannot be used as a",
        ),
        (("grid", "run"), "Type for example: fewbench grid run grid.toml --out grid"),
    ],
)
def test_mistakes_are_one_line(call, tmp_path: Path, words: tuple, said: str) -> None:
    error = call(*words, code=2).stderr
    assert said in error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "work").exists()


def test_a_dry_run_says_what_is_to_be_done_and_how_long_it_takes(
    call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fewbench.baselines.training_cost import TrainingCost
    from fewbench.benchmark.cluster import grid_estimate

    cost = TrainingCost(2.0, 30.0, 10**9)
    monkeypatch.setattr(grid_estimate, "measure_cost", lambda *_: cost)
    write_grid(tmp_path, SMALL)
    answer = call(*WORK, "--workers", "2", "--dry-run").stdout.splitlines()
    assert answer[0].split() == ["done", "to", "do"]
    assert answer[5].split()[:2] == ["learner", "dataset"]
    assert answer[6].split()[:6] == ["protonet", "glyphs", "1", "2", "s", "64"]
    assert answer[7] == (
        "to do: about 85 min with 2 workers, and about 2.0 GB of memory, measured on this "
        "machine"
    )
    assert not (tmp_path / "work").exists()
