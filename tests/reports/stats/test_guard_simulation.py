"""The simulation behind the tables of docs/guard.md, with a few lives of each row."""

import numpy as np

from fewbench_tests.paths import REPOSITORY
from fewbench_tests.scripts import load_script

simulation = load_script("reports/scripts/simulate_guard.py")


def test_a_large_drop_is_red_soon_and_no_drop_is_not() -> None:
    drops = np.where(np.arange(20) >= 10, 8.0, 0.0)

    lives = [
        simulation.live(np.random.default_rng(seed), 10, drops) for seed in range(5)
    ]

    red = np.array([one.red for one in lives])
    assert red[:, :10].sum() == 0
    assert red[:, 13:].all()
    alone = np.array([one.by_test for one in lives])
    assert 0 < alone[:, :10].sum() < 15
    assert all((one.alarms >= one.red).all() for one in lives)


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
            assert f"| {size} | {n_new} | {alarm:.1f} | {visible:.1f} |" in tables
    n_nights = 500 * simulation.NIGHTS
    assert tables.count(f"| {n_nights:,} |") == len(simulation.SIZES)
