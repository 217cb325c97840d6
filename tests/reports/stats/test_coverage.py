"""The simulation behind the table of docs/statistics.md, with fewer runs of each row."""

import pytest

from fewbench_tests.paths import REPOSITORY
from fewbench_tests.scripts import load_script

simulation = load_script("reports/scripts/simulate_coverage.py")
SAME, IMAGES, CLASSES, SEEDS, DIFFERENCE = (
    simulation.SAME, simulation.IMAGES, simulation.CLASSES, simulation.SEEDS, simulation.DIFFERENCE
)  # fmt: skip
SMALL, WIDE = "20 classes of 100, n = 1,000", "423 classes of 20, n = 1,000"
FEW, MANY = "20 classes of 100, n = 24 disjoint", "423 classes of 20, n = 84 disjoint"
TURNED = "50 classes of 20 in 4 turns, n = 1,000"
GROUPS, SAME_GROUPS = simulation.GROUPS, simulation.SAME_GROUPS
GROUPED = "60 classes in 12 groups, n = 1,000"
SMALL_SPLITS = [
    f"20-way of {n_classes} classes, n = 1,000" for n_classes in (24, 45, 160)
] + [
    f"5-way of {n_classes} classes, n = {n}"
    for n_classes in (6, 8, 20)
    for n in ("100", "1,000")
]
PEEKING = "stops once it excludes the truth, looks every 20 to 5,000"


@pytest.fixture(scope="module")
def rows():
    found = simulation.simulate(scale=0.035, seed=11)
    return {(row.interval, row.about, row.setting): row for row in found}


def error(row):
    """Standard error of a coverage of 95 % over the runs of the row."""
    return (0.95 * 0.05 / row.runs) ** 0.5


HOLDS = [
    ("episodes-t", SAME, SMALL),
    ("episodes-t", SAME, WIDE),
    ("episodes-t", SAME, "n = 5"),
    ("episodes-t", SAME, "n = 100"),
    ("legacy-z", SAME, "n = 100"),
    ("legacy-z-ddof1", SAME, "n = 100"),
    ("legacy-z-n1", SAME, "n = 100"),
    ("open", CLASSES, MANY),
    ("open-bootstrap", CLASSES, SMALL),
    ("open-bootstrap", CLASSES, WIDE),
    ("open-bootstrap", CLASSES, TURNED),
    *[("open-bootstrap", CLASSES, setting) for setting in SMALL_SPLITS],
    ("open-bootstrap, by group", GROUPS, GROUPED),
    ("train-seeds", SEEDS, "3 seeds"),
    ("train-seeds", SEEDS, "5 seeds"),
    ("paired-t", DIFFERENCE, "n = 10"),
    ("paired-t", DIFFERENCE, "n = 600"),
    ("paired-bootstrap", DIFFERENCE, "n = 600"),
]
IS_WIDE = [
    ("open", IMAGES, FEW),
    ("open", IMAGES, MANY),
    ("open-bootstrap + images", CLASSES, SMALL),
    ("open-bootstrap + images", CLASSES, WIDE),
    ("episodes-t", SAME, "accuracy 99.6 %, n = 20"),
    ("open-bootstrap", SAME_GROUPS, GROUPED),
    *[
        ("episodes-t", SAME, f"perfect, but for 2 % of episodes at chance, n = {n}")
        for n in (20, 100, 600)
    ],
    *[
        ("paired-t", DIFFERENCE, f"equal in 98 % of episodes, n = {n}")
        for n in (20, 100, 600)
    ],
    ("anytime", SAME, PEEKING),
    ("anytime", SAME, "stops once at ± 5 points, looks every 4 from 4"),
]
FAILS = [
    ("episodes-t", IMAGES, SMALL),
    ("episodes-t", CLASSES, SMALL),
    ("episodes-t", CLASSES, WIDE),
    ("episodes-t", SEEDS, "one seed, n = 600"),
    ("episodes-t, whatever the spread", SAME, "accuracy 99.6 %, n = 20"),
    ("episodes-t", SAME, "accuracy 95 %, but for 2 % of episodes at chance, n = 20"),
    ("episodes-t", SAME, PEEKING),
    ("legacy-z", SAME, "n = 5"),
    ("legacy-z-ddof1", SAME, "n = 5"),
    ("legacy-z-n1", SAME, "n = 5"),
    ("open", CLASSES, FEW),
    ("open-bootstrap, each turn a class", CLASSES, TURNED),
    ("train-seeds", SEEDS, "5 seeds, one in ten fails"),
    ("paired-t", simulation.DIFFERENCE_NEW, "20 classes, n = 600"),
]


@pytest.mark.parametrize("name", HOLDS, ids=" | ".join)
def test_the_interval_covers_what_it_claims(rows, name):
    assert rows[name].covered == pytest.approx(0.95, abs=4 * error(rows[name]))


@pytest.mark.parametrize("name", IS_WIDE, ids=" | ".join)
def test_the_interval_covers_at_least_what_it_claims(rows, name):
    assert rows[name].covered > 0.95 - 4 * error(rows[name])


@pytest.mark.parametrize("name", FAILS, ids=" | ".join)
def test_the_interval_fails_where_the_table_says_so(rows, name):
    assert rows[name].covered < 0.95 - 4 * error(rows[name])


def test_the_committed_table_has_these_rows(rows):
    text = (REPOSITORY / "docs" / "statistics.md").read_text(encoding="utf-8")
    lines = (
        text.split(simulation.MARKERS[0])[1]
        .split(simulation.MARKERS[1])[0]
        .splitlines()
    )
    assert [name for name in map(tuple_of, lines) if name in rows] == list(rows)
    assert all("**" in line for line in lines if tuple_of(line) in FAILS)
    assert not any("**" in line for line in lines if tuple_of(line) in HOLDS + IS_WIDE)


def test_every_committed_row_about_new_classes_covers_or_is_marked():
    text = (REPOSITORY / "docs" / "statistics.md").read_text(encoding="utf-8")
    table = text.split(simulation.MARKERS[0])[1].split(simulation.MARKERS[1])[0]
    rows = [line for line in table.splitlines() if "| open-bootstrap | new cl" in line]
    assert len(rows) == 15
    for row in rows:
        _, _, about, _, coverage, _, marked, _ = (
            cell.strip() for cell in row.split("|")
        )
        covered = float(coverage.strip("*").split()[0])
        is_marked = float(marked.split()[0]) > 60
        assert 93 <= covered <= 97 or is_marked or about == SAME_GROUPS, row


def tuple_of(line):
    return tuple(cell.strip() for cell in line.split("|")[1:4])
