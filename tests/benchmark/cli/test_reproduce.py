import json
from dataclasses import replace
from pathlib import Path

import pytest

from fewbench.baselines.training_cost import TrainingCost
from fewbench.benchmark.reproduce import cells as cells_module
from fewbench.benchmark.reproduce import estimate as estimate_module
from fewbench.benchmark.reproduce.cells import Cell, cells
from fewbench.benchmark.reproduce.estimate import Estimate
from fewbench_tests.commands import call_fewbench
from fewbench_tests.small_cells import small_cell

NAME = "protonet-snell17-omni-5w1s"


@pytest.fixture
def with_cell(monkeypatch: pytest.MonkeyPatch):
    """Let the command find a cell of the test under the usual name."""

    def put(cell: Cell) -> None:
        monkeypatch.setattr(cells_module, "find_cell", lambda _: cell)

    return put


@pytest.fixture
def takes(monkeypatch: pytest.MonkeyPatch):
    """Let the estimate be so many seconds. The real one has its own tests."""

    def put(seconds: float) -> None:
        cost = TrainingCost(1.0, 1.0, 10**9)
        estimate = Estimate(seconds, cost)
        monkeypatch.setattr(estimate_module, "estimate_job", lambda _: estimate)

    put(60.0)
    return put


def test_the_list_has_every_cell_with_its_number_and_recipe(tmp_path: Path) -> None:
    done = call_fewbench(tmp_path, tmp_path, "reproduce", "--list", "--json")

    listed = json.loads(done.stdout)["cells"]
    assert set(listed) == set(cells())
    assert listed[NAME]["accuracy"] == 98.8
    assert listed[NAME]["recipe"] == "protonet-omniglot"


def test_the_list_can_be_narrowed(tmp_path: Path) -> None:
    options = ("--learner", "maml", "--dataset", "miniimagenet")
    done = call_fewbench(tmp_path, tmp_path, "reproduce", "--list", *options)

    names = [line.split()[0] for line in done.stdout.splitlines() if "maml-" in line]
    assert names == ["maml-finn17-mini-5w1s", "maml-finn17-mini-5w5s"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "fewbench reproduce --list"),
        (("protonet-snell17-omni-5w2s",), NAME),
        ((NAME, "--learner", "maml"), "add --list"),
        ((NAME, "--seeds", "0"), "--seeds"),
        ((NAME, "--resume"), "nothing to continue"),
        ((NAME, "--budget", "tiny"), "'short', 'full'"),
        (("--list", "--learner", "proto"), "learner"),
    ],
)
def test_mistakes_are_answered_in_a_line(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = call_fewbench(tmp_path, tmp_path, "reproduce", *arguments, code=2)

    assert words in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_rehearsal_is_never_beside_the_number(
    tmp_path: Path, glyphs_root: Path, with_cell, takes
) -> None:
    with_cell(small_cell())

    done = call_fewbench(tmp_path, glyphs_root, "reproduce", NAME, "--rehearse")

    assert "rehearsal" in done.stdout
    assert "98.8" not in done.stdout
    saved = tmp_path / "reproduced" / f"{NAME}-rehearsal" / "reproduction.json"
    document = json.loads(saved.read_text())
    assert document["budget"] == "rehearsal"
    assert not {"published", "verdict", "difference"} & document.keys()


def test_a_short_budget_has_a_distance_and_no_verdict(
    tmp_path: Path, glyphs_root: Path, with_cell, takes
) -> None:
    with_cell(small_cell())

    done = call_fewbench(
        tmp_path, glyphs_root, "reproduce", NAME, "--budget", "short", "--json"
    )

    document = json.loads(done.stdout)
    assert document["difference"] == pytest.approx(document["mean"] - 0.988)
    assert document["sentence"].startswith("no verdict")
    assert "verdict" not in document


@pytest.mark.parametrize(
    ("accuracy", "tolerance", "verdict", "code"),
    [(99.9, 1.0, "not reproduced", 1), (60.0, 39.0, "reproduced", 0)],
)
def test_the_exit_code_is_1_if_the_number_is_not_reproduced(
    tmp_path: Path,
    glyphs_root: Path,
    with_cell,
    takes,
    accuracy: float,
    tolerance: float,
    verdict: str,
    code: int,
) -> None:
    cell = small_cell()
    number = replace(cell.published, accuracy=accuracy)
    with_cell(replace(cell, published=number, tolerance=tolerance))

    done = call_fewbench(tmp_path, glyphs_root, "reproduce", NAME, code=code)

    last = done.stdout.splitlines()[-2]
    assert last.startswith(f"{verdict}:")
    assert f"tolerance of {tolerance:g} points" in last


def test_more_than_an_hour_of_work_is_not_begun_unasked(
    tmp_path: Path, glyphs_root: Path, with_cell, takes
) -> None:
    with_cell(small_cell())
    takes(5 * 3600)

    done = call_fewbench(
        tmp_path, glyphs_root, "reproduce", NAME, "--budget", "short", code=2
    )

    assert "5.0 h" in done.stderr
    assert "--yes" in done.stderr
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_yes_begins_it(tmp_path: Path, glyphs_root: Path, with_cell, takes) -> None:
    with_cell(small_cell())
    takes(5 * 3600)

    call_fewbench(tmp_path, glyphs_root, "reproduce", NAME, "--rehearse", "--yes")

    assert (tmp_path / "reproduced").exists()
