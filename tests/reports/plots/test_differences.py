import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from fewbench.reports.plots.differences import differences_figure, plot_differences
from fewbench.reports.records import ResultError
from fewbench.reports.stats.comparisons import compare_all
from fewbench_tests.figures import texts, xs


def test_a_forest_plot_shows_each_difference_and_fills_the_significant(make_result):
    pairs = compare_all(
        [make_result(p, i, learner=f"l{i}") for i, p in enumerate((0.9, 0.6, 0.6))]
    )

    ax = plot_differences(pairs, Figure().subplots())

    points = [line for line in ax.lines if line.get_marker() == "o"]
    assert [xs(point)[0] for point in points] == pytest.approx(
        [100 * pair.difference for pair in pairs]
    )
    filled = [point.get_markerfacecolor() != "white" for point in points]
    assert filled == [pair.p_adjusted < 0.05 for pair in pairs]
    assert any(filled)
    with pytest.raises(ResultError, match="at least one comparison"):
        plot_differences([], Figure().subplots())


def test_a_row_names_both_results_and_writes_the_difference(make_result):
    (pair,) = compare_all([make_result(0.9), make_result(0.5, 1, learner="centroid")])

    (ax,) = differences_figure([pair]).axes

    name, value = texts(ax)
    first, second = pair.a.learner, pair.b.learner
    assert name == f"{first} conv4-64\nminus {second} conv4-64"
    assert value.startswith(f"{100 * pair.difference:+.2f} ± ")
    assert value.endswith("\np < 0.001")
    assert "95 % paired t-interval" in ax.get_xlabel()
    assert ax.get_title(loc="left") == "glyphs-5w1s: paired differences"


def test_equal_results_stand_at_zero_without_a_bar(make_result):
    same = [make_result(0.9, learner=name) for name in ("one", "two")]
    (ax,) = differences_figure(compare_all(same)).axes

    assert texts(ax)[1] == "equal in all\npredictions"
    (point,) = [line for line in ax.lines if line.get_marker() == "|"]
    assert xs(point) == [0]


def test_no_line_crosses_the_names(make_result):
    pairs = compare_all([make_result(0.9), make_result(0.5, 1, learner="centroid")])
    figure = differences_figure(pairs)
    (ax,) = figure.axes

    before = pixels_of_the_name(figure)
    for line in (*ax.lines, *ax.get_xgridlines()):
        line.set_color("red")

    assert np.array_equal(pixels_of_the_name(figure), before)


def pixels_of_the_name(figure: Figure) -> np.ndarray:
    """What is drawn where the first name stands."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    box = figure.axes[0].texts[0].get_window_extent()
    picture = np.asarray(canvas.buffer_rgba())[::-1]
    return picture[int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)].copy()
