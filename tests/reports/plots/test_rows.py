import pytest
from matplotlib.figure import Figure

from fewbench.reports.groups import result_groups
from fewbench.reports.plots.rows import (
    axis_label,
    heading,
    most_accurate_first,
    percents,
    plot_interval,
    write_row,
)
from fewbench.reports.plots.style import LONGEST
from fewbench.reports.tables.cells import Cell
from fewbench_tests.figures import LONG, points, texts, xs


def test_limits_are_in_percent_and_equal_the_mean_without_an_interval(make_result):
    cell = Cell.of(make_result())
    interval = cell.interval
    assert interval is not None
    fractions = (interval.low, cell.mean, interval.high)
    assert percents(cell) == pytest.approx([100 * value for value in fractions])

    single = Cell.of(make_result(n_episodes=1))
    assert percents(single) == (100 * single.mean,) * 3


def test_an_interval_has_a_bar_only_where_it_has_a_width():
    ax = Figure().subplots()
    plot_interval(ax, 2, (1, 1, 1), ("red", "o"))
    assert len(ax.lines) == 1

    plot_interval(ax, 3, (1, 2, 4), ("red", "o"), "white")
    bar, ends, point = ax.lines[1:]
    assert xs(bar) == xs(ends) == [1, 4]
    assert points(point) == [[2, 3]]
    assert point.get_markerfacecolor() == "white"


def test_long_names_are_shortened_to_the_width_of_a_column():
    ax = Figure().subplots()
    write_row(ax, 0, f"{LONG}\nshort", "1.00")

    name, value = texts(ax)
    first, second = name.split("\n")
    assert len(first) == LONGEST
    assert (second, value) == ("short", "1.00")


def test_the_label_says_what_interval_and_marks_mean(make_result):
    plain = Cell.of(make_result())
    marked = Cell.of(make_result(transductive=True, partial=True, interval="legacy-z"))

    assert axis_label("accuracy", []) == "accuracy"
    assert axis_label("accuracy", [plain, marked]).split("\n") == [
        "accuracy",
        "±: 95 % interval (episodes-t)",
        "±: 95 % interval (legacy-z),",
        "given these test classes and images",
        "† transductive, ‡ partial data",
    ]


def test_the_label_explains_little_spread(make_result):
    perfect = Cell.of(make_result(1.0))

    assert "°" in perfect.marks
    assert axis_label("accuracy", [perfect]).split("\n")[-1] == "° little spread"


def test_the_heading_says_how_many_are_left_out(make_result):
    (group,) = result_groups(
        [make_result(0.5 + k / 10, k, learner=f"l{k}") for k in range(3)]
    )

    assert heading(group) == "glyphs-5w1s"
    assert heading(group.most_accurate(1)) == "glyphs-5w1s: 1 best of 3"
    best, *_, worst = most_accurate_first(group)
    assert (best.result.learner, worst.result.learner) == ("l2", "l0")
