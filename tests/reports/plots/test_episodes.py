import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch

from fewbench.reports.groups import result_groups
from fewbench.reports.plots.episodes import histogram_figure, plot_episode_histogram
from fewbench.reports.plots.style import learner_styles
from fewbench.reports.records import ResultError
from fewbench_tests.figures import texts


def test_a_histogram_holds_every_episode_once(make_result):
    result = make_result(0.7, n_episodes=500)

    ax = plot_episode_histogram([result], Figure().subplots())

    outline = ax.patches[0]
    assert isinstance(outline, StepPatch)
    heights, edges, _ = outline.get_data()
    shares = 1 - np.asarray(heights)
    counted = np.histogram(100 * result.accuracies, edges)[0]
    assert counted.sum() == 500
    assert shares / shares.sum() == pytest.approx(counted / 500, abs=1e-12)
    # Edges lie between the possible accuracies, so every bin is as wide in queries.
    steps = np.diff(edges) / 100 * result.protocol.queries_per_episode
    assert steps == pytest.approx(np.full(steps.size, round(steps[0])), abs=1e-9)


def test_results_on_different_episodes_share_no_histogram(make_result):
    results = [make_result(), make_result(n_episodes=30)]

    with pytest.raises(ResultError, match=r"group 1.*group 2"):
        plot_episode_histogram(results, Figure().subplots())


def test_the_most_accurate_is_on_top_and_has_a_line_at_its_mean(make_result):
    results = [make_result(0.5), make_result(0.9, 1, learner="better")]

    ax = plot_episode_histogram(results, Figure().subplots())

    assert texts(ax)[0] == "better conv4-64"
    mean_line = ax.collections[0]
    assert isinstance(mean_line, LineCollection)
    ((start, end),) = mean_line.get_segments()
    assert start[0] == end[0] == 100 * results[1].mean
    assert "tallest bar: " in ax.get_xlabel()


def test_the_axes_that_are_given_are_returned(make_result):
    ax = Figure().subplots()

    assert plot_episode_histogram([make_result()], ax) is ax


def test_results_that_are_left_out_are_counted(make_result):
    results = [make_result(0.5 + k / 10, k, learner=f"l{k}") for k in range(3)]
    (group,) = result_groups(results)

    figure = histogram_figure(group.most_accurate(2), learner_styles(results))

    assert figure.axes[0].get_title(loc="left") == "glyphs-5w1s: 2 best of 3"
