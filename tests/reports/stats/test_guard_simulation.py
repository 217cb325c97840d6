"""The simulation behind the tables of docs/guard.md, with a few lives of each row."""

import numpy as np
import pytest

from fewbench.reports.stats.nightly import is_judged_alone
from fewbench_tests.paths import REPOSITORY
from fewbench_tests.scripts import load_script

simulation = load_script("reports/scripts/simulate_guard.py")


@pytest.mark.parametrize(("size", "n_new"), [(3, 1), (10, 1), (3, 2)])
def test_a_large_drop_is_red_soon_and_no_drop_is_not(size: int, n_new: int) -> None:
    drops = [0.0] * 10 + [15.0] * 6
    lives = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        guarded = simulation.Guarded(rng, size, n_new)
        lives.append(list(guarded.nights(drops)))
    low, evident, alone, red, red_alone = np.moveaxis(np.array(lives), -1, 0)

    assert red[:, :10].sum() == 0
    assert red[:, 12:].mean() > 0.7
    assert 0 < low[:, :10].sum() < 15
    assert (red == np.where(alone, red_alone, red & evident)).all()
    n_alone = alone.sum(axis=1)
    most = sum(is_judged_alone(n_new * k, n_new, size, 0.05) for k in range(16))
    assert (n_alone >= 1).all()
    assert (n_alone <= most).all()  # fewer, if runs with other seeds were trained too


def test_a_drop_that_is_there_from_the_beginning_is_red_at_once() -> None:
    for seed in range(5):
        guarded = simulation.Guarded(np.random.default_rng(seed), 3)
        assert simulation._wait(guarded.nights([30.0] * 9), 1) <= 2


def test_waits_in_words() -> None:
    assert simulation._words([1, 2, 3, 4, 5, np.inf]) == "4 / 5"
    assert simulation._words([1, np.inf, np.inf]) == "> 60 / > 60"


def test_the_page_has_the_tables_that_the_script_makes() -> None:
    page = (REPOSITORY / "docs" / "guard.md").read_text(encoding="utf-8")
    start, end = simulation.MARKERS
    tables = page.split(start)[1].split(end)[0]

    for size in simulation.SIZES:
        for n_new in (1, 3):
            found = simulation._any_look(size, n_new)
            alarm = found.alarm / found.spread
            visible = found.visible_drop / found.spread
            start = f"| {size} | {n_new} | {alarm:.1f} | {visible:.1f} |"
            [row] = [line for line in tables.splitlines() if line.startswith(start)]
            false, _, seen, _ = [float(one[:-2]) for one in row[:-2].split(" | ")[4:]]
            # Of 10,000 looks, a share is uncertain by at most 4 standard errors.
            assert false == pytest.approx(5, abs=0.9)
            assert seen == pytest.approx(80, abs=1.7)
    n_nights = 500 * simulation.NIGHTS
    assert n_nights >= 10_000
    for size, n_new in simulation.WATCHED:
        assert f"\n| {size} | {n_new} | {n_nights:,} |" in tables
    for start in simulation.STARTS:
        assert f"\nA drop that begins on night {start}:\n" in tables
    for drop in simulation.DROPS:
        assert tables.count(f"\n| {drop:g} | ") >= len(simulation.STARTS)
