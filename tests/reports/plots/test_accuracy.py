import numpy as np
import pytest
from matplotlib.figure import Figure

from fewbench.reports.groups import result_groups
from fewbench.reports.plots.accuracy import accuracy_figure, plot_accuracy
from fewbench.reports.plots.style import learner_styles
from fewbench_tests.figures import LONG, texts, xs


def test_the_accuracy_plot_writes_names_and_numbers_best_first(make_result):
    results = [
        make_result(p, learner=f"at-{p}", transductive=p == 0.5) for p in (0.5, 0.9)
    ]

    ax = plot_accuracy(results, Figure().subplots())

    heading, best, value, worst, marked = texts(ax)
    assert (heading, best, worst) == (
        "glyphs-5w1s",
        "at-0.9 conv4-64",
        "at-0.5 conv4-64",
    )
    assert value.startswith(("89.", "90."))
    assert marked.endswith(" †")
    assert "† transductive" in ax.get_xlabel()
    assert "given these test classes and images" in ax.get_xlabel()


def test_points_stand_at_the_mean_and_bars_at_the_ends_of_the_interval(make_result):
    result = make_result()

    ax = plot_accuracy([result], Figure().subplots())

    bar, _, point = (xs(line) for line in ax.lines)
    assert point[0] == pytest.approx(100 * result.mean, rel=1e-12)
    assert np.mean(bar) == pytest.approx(100 * result.mean, rel=1e-12)


def test_shortened_names_still_differ(make_result):
    results = [make_result(learner=f"{LONG}{i}") for i in range(10)]

    ax = plot_accuracy(results, Figure().subplots())

    names = [text for text in texts(ax) if text.startswith("a-l")]
    assert len(set(names)) == 10
    assert max(map(len, names)) < 45


def test_colours_stay_with_the_learner_across_figures(make_result):
    everyone = [make_result(learner=name) for name in ("a", "b", "c")]
    styles = learner_styles(everyone)

    figure = accuracy_figure(result_groups(everyone[1:2]), styles)

    assert figure.axes[0].lines[-1].get_color() == styles["b"][0]
    assert len({color for color, _ in styles.values()}) == 3


def test_each_dataset_has_a_panel_and_only_the_last_names_its_axis(various_results):
    figure = accuracy_figure(
        result_groups(various_results), learner_styles(various_results)
    )

    upper, lower = figure.axes
    assert texts(upper)[0] == "glyphs-5w1s (group 1)"
    assert texts(lower)[0] == "omniglot-20w1s"
    assert upper.get_xlabel() == ""
    assert lower.get_xlabel().startswith("accuracy (%)\n±: 95 % interval (episodes-t)")


def test_the_axes_that_are_given_are_returned(make_result):
    ax = Figure().subplots()

    assert plot_accuracy([make_result()], ax) is ax
