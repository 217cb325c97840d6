"""No text of any figure covers another, whatever the names are."""

import pytest

from fewbench.benchmark.published_numbers import published_numbers
from fewbench.reports.groups import result_groups
from fewbench.reports.plots import (
    accuracy_figure,
    along_figure,
    class_figure,
    differences_figure,
    histogram_figure,
    learner_styles,
    learning_curves_figure,
    published_figure,
)
from fewbench.reports.published import pairs_beside
from fewbench.reports.stats.comparisons import compare_all
from fewbench_tests.figures import HISTORY, LONG, black_images, overlaps, two_shots


@pytest.mark.parametrize("n", [1, 2, 5, 12])
@pytest.mark.parametrize("name", ["protonet-", LONG])
def test_no_text_of_a_figure_covers_another(make_result, n, name):
    results = [
        make_result(
            0.3 + 0.05 * i,
            learner=f"{name}{i}",
            partial=i == 0,
            backbone="resnet12 $x$ %",
        )
        for i in range(n)
    ]
    groups, styles = result_groups(results), learner_styles(results)

    assert overlaps(accuracy_figure(groups, styles)) == []
    assert overlaps(histogram_figure(groups[0], styles)) == []


@pytest.mark.parametrize("n", [2, 5])
@pytest.mark.parametrize("name", ["protonet-", LONG])
def test_no_text_of_the_further_figures_covers_another(make_result, n, name):
    results = [
        result
        for i in range(n)
        for result in two_shots(f"{name}{i}")
    ]  # fmt: skip
    own = [make_result(0.9 + i / 100, i, learner="protonet", name=f"omniglot-5w{i}s-x", n_shot=1,
                       dataset="omniglot", n_query=1 + i) for i in range(2)]  # fmt: skip
    pairs = pairs_beside([*own, *two_shots()], published_numbers())
    histories = {f"{name}{i}": HISTORY for i in range(n)}

    for figure in (
        differences_figure(compare_all(results[::2])),
        published_figure(pairs, 0.01),
        along_figure(results, "n_shot"),
        class_figure(results[0], black_images),
        learning_curves_figure(histories),
    ):
        assert figure is not None
        assert overlaps(figure) == []
