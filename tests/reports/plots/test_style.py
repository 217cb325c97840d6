import pytest
from matplotlib.figure import Figure

from fewbench.reports.plots.style import (
    PAGE_WIDTH,
    STYLES,
    bound_percent,
    curve_styles,
    learner_styles,
    new_figure,
    styles_of,
)


def test_styles_depend_on_the_names_and_not_on_their_order(make_result):
    results = [make_result(learner=name) for name in ("b", "a", "b", "c")]

    styles = learner_styles(results)

    assert styles == learner_styles(results[::-1])
    assert styles == {"a": STYLES[0], "b": STYLES[1], "c": STYLES[2]}


def test_with_many_learners_the_styles_repeat(make_result):
    results = [make_result(learner=f"l{k}") for k in range(len(STYLES) + 1)]

    styles = learner_styles(results)

    assert len(styles) == len(results)
    assert styles["l7"] == styles["l0"]


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [((98, 100), 97, 101), ((0, 1), -1, 2), ((0, 100), -2, 102)],
)
def test_no_impossible_accuracies_are_shown(values, low, high):
    ax = Figure().subplots()
    ax.plot(values, [0, 0])

    bound_percent(ax)

    left, right = ax.get_xlim()
    assert low < left <= values[0]
    assert values[1] <= right < high


def test_figures_have_the_width_of_a_column_or_a_page():
    assert new_figure(2).get_size_inches().tolist() == [3.25, 2]
    assert new_figure(2, PAGE_WIDTH).get_size_inches().tolist() == [6.4, 2]


def test_curves_of_one_learner_share_its_colour_and_nothing_else():
    styles = styles_of(["a", "b"])

    first, other, second = curve_styles(["b", "a", "b"], styles)

    assert first == (*styles["b"], "-")
    assert other == (*styles["a"], "-")
    assert second[0] == first[0]
    assert second[1] != first[1]
    assert second[2] != first[2]
