"""How far a grid is, as a table and as lines."""

import sys
from collections import Counter
from collections.abc import Mapping

import pytest
from rich.console import Console

from fewbench.benchmark.cli import grid_progress
from fewbench.benchmark.cli.grid_progress import (
    progress_table,
    progress_text,
    shown_progress,
)
from fewbench.benchmark.cluster.plan import Count
from fewbench.benchmark.cluster.summary import Failure, Summary
from fewbench.benchmark.cluster.task import Kind

COUNTS: Mapping[Kind, Count] = {"training": Count(4, 1), "answers": Count(2000, 500)}


def summary() -> Summary:
    return Summary(
        done=Counter({"training": 1, "answers": 400}),
        by_others=Counter({"answers": 98}),
        failures=[Failure("train", "it broke", 3)],
        running=2,
        seconds=60.0,
    )


def test_a_line_has_the_counts_and_the_time_left() -> None:
    assert progress_text(COUNTS, summary()) == (
        "2 of 4 trainings, 998 of 2,000 ranges of answers; 2 running, 1 failed, about 2 "
        "min left if tasks go on at this rate"
    )
    assert progress_text(COUNTS, Summary()) == (
        "1 of 4 trainings, 500 of 2,000 ranges of answers; 0 running, 0 failed"
    )


def test_a_table_has_a_row_for_each_kind() -> None:
    table = progress_table(COUNTS, summary())
    cells = [list(column.cells) for column in table.columns]
    assert cells == [
        ["trainings", "ranges of answers"],
        ["2", "998"],
        ["2", "1,002"],
        ["1.0", "498.0"],
    ]
    assert "2 running, 1 failed" in str(table.caption)


def test_the_name_of_another_machine_is_no_markup(
    capsys: pytest.CaptureFixture[str],
) -> None:
    waiting = summary()
    waiting.waiting = "process 3 on [/red]\nhost"
    Console(width=200, file=sys.stdout).print(progress_table(COUNTS, waiting))
    assert "[/red]\\nhost" in capsys.readouterr().out


def test_a_file_gets_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grid_progress, "SECONDS_BETWEEN_LINES", 0.0)
    with shown_progress(COUNTS) as watch:
        watch(summary())
    assert capsys.readouterr().err.startswith("2 of 4 trainings, 998 of 2,000 ranges")
    monkeypatch.setattr(grid_progress, "SECONDS_BETWEEN_LINES", 1000.0)
    with shown_progress(COUNTS) as watch:
        watch(summary())
    assert capsys.readouterr().err == ""
