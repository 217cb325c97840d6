"""The table of reproduced numbers says what the committed results say."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from fewbench.benchmark.reproduce.cells import Cell, find_cell
from fewbench.reports.records import RunResult
from fewbench.reports.reproduction import judge_reproduction
from fewbench.reports.result_files import load_results
from fewbench.reports.stats.intervals import result_interval
from fewbench.reports.stats.training_seeds import train_seeds
from fewbench_tests.paths import REPOSITORY

FILES = REPOSITORY / "reports" / "reproduced"
PAGE = (REPOSITORY / "docs" / "reproduced.md").read_text(encoding="utf-8")
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
WITHOUT_VERDICT = ("none, short", "none, unfinished")


class Row(NamedTuple):
    """One line of the table, each cell without its marks."""

    cell: str
    published: str
    reruns: str
    ours: str
    interval: str
    pixels: str
    budget: str
    verdict: str
    files: str


def lines(text: str) -> list[str]:
    """Return the lines of the table of a page."""
    start = text.index("| number | published |")
    table = text[start:].split("\n\n")[0]
    return table.splitlines()


def rows() -> Iterator[Row]:
    for line in lines(PAGE)[2:]:
        cells = line.strip("|").split("|")
        yield Row(*(cell.strip(" `†") for cell in cells))


def results_of(row: Row) -> list[RunResult]:
    """Return the results of a row, one for each training seed."""
    protocol = find_cell(row.cell).protocol
    return [
        result
        for result in load_results([FILES / row.files / "results"])
        if result.protocol.name == protocol and result.recipe["backend"] == "native"
    ]


def reruns_text(cell: Cell) -> str:
    """Return the mean of the public reruns, and how many they are."""
    if not cell.reruns:
        return "none"
    mean = sum(rerun.accuracy for rerun in cell.reruns) / len(cell.reruns)
    return f"{mean:.2f} ({len(cell.reruns)})"


def test_the_readme_has_the_numbers_with_a_verdict() -> None:
    expected = [
        [
            row.published,
            row.reruns,
            row.ours,
            row.verdict.split(" within")[0],
        ]
        for row in rows()
        if row.verdict not in WITHOUT_VERDICT
    ]
    found = []
    for line in lines(README)[2:]:
        _, published, reruns, ours, _, _, verdict = map(
            str.strip, line.strip("|").split("|")
        )
        found.append([published, reruns, ours, verdict])

    assert found == expected


def test_every_training_that_is_compared_has_a_row() -> None:
    folders = {path.name for path in FILES.iterdir() if (path / "results").is_dir()}

    assert {row.files for row in rows()} == folders - {"grid-short"}


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: f"{row.cell} {row.files}")
def test_a_row_says_what_the_results_say(row: Row) -> None:
    cell = find_cell(row.cell)
    results = results_of(row)
    made = judge_reproduction(
        results, cell.published, cell.tolerance / 100, cell.reruns
    )

    published = f"{cell.published.accuracy:.2f}"
    if cell.published.half_width is not None:
        published += f" ± {cell.published.half_width:.2f}"
    assert row.published == published
    assert row.reruns == reruns_text(cell)
    intervals = [result_interval(result) for result in results]
    if made.over_seeds and len(results) > 2:
        intervals = [made.over_seeds]
    assert [f"{one} %" for one in row.ours.split("; ")] == [str(i) for i in intervals]
    assert row.interval == f"{intervals[0].kind}, n = {intervals[0].n:,}"
    if row.verdict not in WITHOUT_VERDICT:
        assert row.verdict == f"{made.verdict} within {cell.tolerance:g}"


def test_no_command_says_where_it_ran() -> None:
    folders = [path for path in FILES.rglob("*") if list(path.glob("*.npz"))]
    assert folders
    for result in load_results(folders):
        assert not re.search(r"[\s=]/", result.command), result.command


@pytest.mark.parametrize("learner", ["ProtoNet", "MAML"])
def test_the_table_of_the_grid_says_what_its_results_say(learner: str) -> None:
    results = load_results([FILES / "grid-short" / "results"])
    expected = []
    for place in (
        "omniglot-5w1s",
        "omniglot-5w5s",
        "miniimagenet-5w1s",
        "miniimagenet-5w5s",
    ):
        seeds = [
            result
            for result in results
            if result.protocol.name.startswith(place)
            and result.learner.startswith(learner.lower())
        ]
        assert len(seeds) == 3
        expected.append(str(train_seeds(seeds)).removesuffix(" %"))

    for text in (
        PAGE,
        (FILES / "grid-short" / "README.md").read_text(encoding="utf-8"),
    ):
        [line] = re.findall(rf"^\| {learner}\b.*±.*$", text, re.MULTILINE)
        assert re.findall(r"[\d.]+ ± [\d.]+", line) == expected


def test_the_folders_are_named() -> None:
    for path in FILES.iterdir():
        assert f"reports/reproduced/{path.name}" in PAGE, path.name
        assert Path(path, "README.md").is_file()
