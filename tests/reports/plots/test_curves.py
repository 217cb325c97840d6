import pytest
from matplotlib.figure import Figure

from fewbench.reports.plots.curves import (
    MOST_CURVES,
    curve_learners,
    has_values,
    learning_curve_figure,
    learning_curves_figure,
    plot_learning_curve,
)
from fewbench.reports.plots.saving import save_figure
from fewbench.reports.plots.style import STYLES
from fewbench.reports.records import ResultError
from fewbench_tests.figures import HISTORY, points


def test_the_learning_curve_leaves_out_what_is_missing_or_infinite():
    figure = learning_curve_figure(HISTORY)

    left, right = figure.axes
    assert points(left.lines[0]) == [[200, 50], [300, 75]]
    assert points(right.lines[0]) == [[100, 1.5], [300, 0.5]]
    expected = "0.3 minutes,\nbest validation accuracy 75.00 % at step 300"
    assert left.get_title(loc="left") == expected


@pytest.mark.parametrize("missing", ["loss", "val_accuracy", "seconds"])
def test_the_learning_curve_needs_no_single_column(missing, tmp_path):
    rows = [{key: row[key] for key in row if key != missing} for row in HISTORY]

    assert all(
        path.stat().st_size
        for path in save_figure(learning_curve_figure(rows), tmp_path / "x")
    )


def test_a_learning_curve_without_values_is_refused():
    with pytest.raises(ResultError, match="expected rows"):
        learning_curve_figure([])


def test_a_history_has_values_unless_all_are_missing_or_infinite():
    lost = [{"step": 1, "loss": float("nan"), "val_accuracy": None}]

    assert has_values(HISTORY)
    assert not has_values(lost)
    assert not has_values([])


def test_curves_of_several_runs_are_limited_to_the_styles():
    histories = {f"run{k}": HISTORY for k in range(MOST_CURVES + 2)}

    figure = learning_curves_figure(histories)

    upper, lower = figure.axes
    assert len(upper.lines) == len(lower.lines) == MOST_CURVES
    assert points(upper.lines[0]) == [[200, 50], [300, 75]]
    assert points(lower.lines[0]) == [[100, 1.5], [300, 0.5]]
    assert len({line.get_color() for line in upper.lines}) == MOST_CURVES


def test_runs_of_one_learner_have_its_colour_and_differ_in_line_and_marker():
    rows = [row | {"learner": "maml"} for row in HISTORY]
    histories = {"run0": rows, "run1": rows, "other": HISTORY}
    styles = {"maml": STYLES[3], "other": STYLES[0]}

    upper, lower = learning_curves_figure(histories, styles).axes

    for ax in (upper, lower):
        colours = [line.get_color() for line in ax.lines]
        assert colours == [STYLES[3][0], STYLES[3][0], STYLES[0][0]]
        first, second, _ = ax.lines
        assert first.get_marker() == STYLES[3][1]
        assert second.get_marker() != first.get_marker()
        assert second.get_linestyle() != first.get_linestyle()
    assert curve_learners(histories) == {
        "run0": "maml",
        "run1": "maml",
        "other": "other",
    }


def test_the_axes_that_are_given_are_returned():
    ax = Figure().subplots()

    assert plot_learning_curve(HISTORY, ax) is ax
