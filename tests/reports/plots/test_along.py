import pytest
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure

from fewbench.reports.plots.along import along_figure, plot_along
from fewbench.reports.plots.style import learner_styles
from fewbench.reports.records import ResultError
from fewbench_tests.figures import two_shots, xs


def test_accuracy_against_shots_joins_the_results_of_one_run(make_result):
    ax = plot_along([*two_shots(), make_result()], Figure().subplots(), "n_shot")

    (curve,) = [
        line for line in ax.lines if len(xs(line)) == 2 and line.get_marker() == "o"
    ]
    assert xs(curve) == [1, 5]
    assert along_figure([make_result()], "n_way") is None
    with pytest.raises(ResultError, match="two values"):
        plot_along([make_result()], Figure().subplots(), "n_way")


def test_curves_are_labelled_with_what_their_protocols_share():
    figure = along_figure([*two_shots(), *two_shots("maml")], "n_shot")

    assert figure is not None
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert sorted(labels) == [
        "maml conv4-64, omniglot 5-way",
        "protonet conv4-64, omniglot 5-way",
    ]
    (ax,) = figure.axes
    assert ax.get_xlabel() == "shots a class"
    assert ax.get_xticks().tolist() == [1, 5]


def test_results_on_other_data_are_not_joined(make_result):
    first, second = two_shots()
    changed = make_result(
        name="omniglot-5w5s", n_shot=5, dataset="omniglot", data_fingerprint="data-2"
    )

    assert along_figure([first, changed], "n_shot") is None
    assert along_figure([first, second], "n_shot") is not None


def test_a_learner_looks_as_in_the_other_plots():
    results = [*two_shots(), *two_shots("maml")]

    ax = plot_along(results, Figure().subplots(), "n_shot")

    drawn = {}
    for curve in ax.containers:
        assert isinstance(curve, ErrorbarContainer)
        learner = str(curve.get_label()).split()[0]
        line = curve.lines[0]
        drawn[learner] = (line.get_color(), line.get_marker())
    assert drawn == learner_styles(results)
