import xml.etree.ElementTree as ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from fewbench.benchmark.published_numbers import published_numbers
from fewbench.reports.groups import result_cards
from fewbench.reports.plots.accuracy import (
    accuracy_figure,
    histogram_figure,
    plot_accuracy,
    plot_episode_histogram,
)
from fewbench.reports.plots.classes import class_figure, plot_class_accuracy
from fewbench.reports.plots.curves import (
    along_figure,
    learning_curve_figure,
    learning_curves_figure,
    plot_along,
    plot_learning_curve,
)
from fewbench.reports.plots.pairs import (
    differences_figure,
    plot_differences,
    plot_published,
    published_figure,
)
from fewbench.reports.plots.style import learner_styles, save_figure
from fewbench.reports.published import pairs_beside
from fewbench.reports.records import ResultError
from fewbench.reports.stats.comparisons import compare_all
from fewbench.reports.stats.diagnostics import class_accuracy

LONG = "a-learner-with-a-name-that-is-much-longer-than-any-plot-has-room-for-"
HISTORY = [
    {"step": 100, "seconds": 6.0, "loss": 1.5, "val_accuracy": None},
    {"step": 200, "seconds": 12.0, "loss": float("inf"), "val_accuracy": 0.5},
    {"step": 300, "seconds": 18.0, "loss": 0.5, "val_accuracy": 0.75},
]


def texts(ax) -> list[str]:
    return [text.get_text() for text in ax.texts]


def drawn_ticks(ax) -> list:
    """The labels of ticks within the axes: there are others, which are not drawn."""
    low, high = ax.get_xlim()
    labels = ax.get_xticklabels()
    return [t for t in labels if t.get_visible() and low <= t.get_position()[0] <= high]


def overlaps(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts of a figure that cover each other, and texts that leave the figure."""
    figure.draw_without_rendering()
    boxes = [
        (text.get_text(), text.get_window_extent())
        for ax in figure.axes
        for text in [*ax.texts, *drawn_ticks(ax), ax.xaxis.label]
        if text.get_text()
    ]
    boxes += [
        (text.get_text(), text.get_window_extent())
        for legend in figure.legends
        for text in legend.get_texts()
    ]
    width, height = figure.bbox.size
    pairs = [
        (a, b)
        for index, (a, box) in enumerate(boxes)
        for b, other in boxes[:index]
        if box.shrunk(0.98, 0.98).overlaps(other.shrunk(0.98, 0.98))
    ]
    outside = [
        (name, "the edge")
        for name, box in boxes
        if box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1
    ]
    return pairs + outside


def test_plots_draw_into_the_axes_they_are_given_and_return_them(make_result):
    for plot, data in (
        (plot_accuracy, [make_result()]),
        (plot_episode_histogram, [make_result()]),
        (plot_learning_curve, HISTORY),
    ):
        ax = Figure().subplots()
        assert plot(data, ax) is ax


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

    bar, _, point = (line.get_xdata() for line in ax.lines)
    assert point[0] == pytest.approx(100 * result.mean, rel=1e-12)
    assert np.mean(bar) == pytest.approx(100 * result.mean, rel=1e-12)


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
    cards, styles = result_cards(results), learner_styles(results)

    assert overlaps(accuracy_figure(cards, styles)) == []
    assert overlaps(histogram_figure(cards[0], styles)) == []


def test_shortened_names_still_differ(make_result):
    results = [make_result(learner=f"{LONG}{i}") for i in range(10)]

    ax = plot_accuracy(results, Figure().subplots())

    names = [text for text in texts(ax) if text.startswith("a-l")]
    assert len(set(names)) == 10
    assert max(map(len, names)) < 45


def test_a_histogram_holds_every_episode_once(make_result):
    result = make_result(0.7, n_episodes=500)

    ax = plot_episode_histogram([result], Figure().subplots())

    heights, edges, _ = ax.patches[0].get_data()
    shares = 1 - np.asarray(heights)
    counted = np.histogram(100 * result.accuracies, edges)[0]
    assert counted.sum() == 500
    assert shares / shares.sum() == pytest.approx(counted / 500, abs=1e-12)
    # Edges lie between the possible accuracies, so every bin is as wide in queries.
    steps = np.diff(edges) / 100 * result.protocol.queries_per_episode
    assert steps == pytest.approx(np.full(steps.size, round(steps[0])), abs=1e-9)


def test_results_on_different_episodes_share_no_histogram(make_result):
    results = [make_result(), make_result(n_episodes=30)]

    with pytest.raises(ResultError, match=r"card 1.*card 2"):
        plot_episode_histogram(results, Figure().subplots())


def test_the_learning_curve_leaves_out_what_is_missing_or_infinite():
    figure = learning_curve_figure(HISTORY)

    left, right = figure.axes
    assert left.lines[0].get_xydata().tolist() == [[200, 50], [300, 75]]
    assert right.lines[0].get_xydata().tolist() == [[100, 1.5], [300, 0.5]]
    expected = "0.3 minutes, best validation accuracy 75.00 % at step 300"
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


def test_figures_are_saved_as_png_svg_and_pdf_with_the_same_bytes_each_time(
    various_results, tmp_path
):
    cards, styles = result_cards(various_results), learner_styles(various_results)

    first, second = (
        [
            p.read_bytes()
            for p in save_figure(accuracy_figure(cards, styles), tmp_path / name)
        ]
        for name in ("a.v1", "b.v1")
    )

    assert first == second
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("a.v1.pdf", "a.v1.png", "a.v1.svg", "b.v1.pdf", "b.v1.png", "b.v1.svg"),
    ]
    assert first[0].startswith(b"\x89PNG")
    assert ElementTree.fromstring(first[1]).tag.endswith("svg")
    assert first[2].startswith(b"%PDF")
    assert b"/Type3" not in first[2]  # many journals refuse such fonts


def test_colours_stay_with_the_learner_across_figures(make_result):
    everyone = [make_result(learner=name) for name in ("a", "b", "c")]
    styles = learner_styles(everyone)

    figure = accuracy_figure(result_cards(everyone[1:2]), styles)

    assert figure.axes[0].lines[-1].get_color() == styles["b"][0]
    assert len({color for color, _ in styles.values()}) == 3


def test_plotting_leaves_the_settings_of_matplotlib_alone(various_results, tmp_path):
    before = dict(mpl.rcParams)

    cards = result_cards(various_results)
    save_figure(accuracy_figure(cards, learner_styles(various_results)), tmp_path / "x")

    assert dict(mpl.rcParams) == before


def shots(make_result, learner="protonet"):
    return [
        make_result(0.6 + 0.05 * shot, shot, name=f"omniglot-5w{shot}s", n_shot=shot,
                    dataset="omniglot", learner=learner)
        for shot in (1, 5)
    ]  # fmt: skip


def black_images(result, names):
    return {name: [np.zeros((28, 28, 1), np.uint8)] * 5 for name in names}


@pytest.mark.parametrize("n", [2, 5])
@pytest.mark.parametrize("name", ["protonet-", LONG])
def test_no_text_of_the_further_figures_covers_another(make_result, n, name):
    results = [
        result
        for i in range(n)
        for result in shots(make_result, f"{name}{i}")
    ]  # fmt: skip
    own = [make_result(0.9 + i / 100, i, learner="protonet", name=f"omniglot-5w{i}s-x", n_shot=1,
                       dataset="omniglot", n_query=1 + i) for i in range(2)]  # fmt: skip
    pairs = pairs_beside([*own, *shots(make_result)], published_numbers())
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


def test_a_forest_plot_shows_each_difference_and_fills_the_significant(make_result):
    pairs = compare_all(
        [make_result(p, i, learner=f"l{i}") for i, p in enumerate((0.9, 0.6, 0.6))]
    )

    ax = plot_differences(pairs, Figure().subplots())

    points = [line for line in ax.lines if line.get_marker() == "o"]
    assert [point.get_xdata()[0] for point in points] == pytest.approx(
        [100 * pair.difference for pair in pairs]
    )
    filled = [point.get_markerfacecolor() != "white" for point in points]
    assert filled == [pair.p_adjusted < 0.05 for pair in pairs]
    assert any(filled)
    with pytest.raises(ResultError, match="at least one comparison"):
        plot_differences([], Figure().subplots())


def test_ours_stand_beside_the_published_numbers_of_the_same_shape(make_result):
    pairs = pairs_beside(shots(make_result), published_numbers())

    ax = plot_published(pairs, Figure().subplots(), 0.01)

    written = texts(ax)
    assert any(text.startswith("Snell: 60-way") for text in written)
    assert "omniglot-5w1s: protonet" in written
    hollow = [line for line in ax.lines if line.get_markerfacecolor() == "white"]
    assert 98.8 in [line.get_xdata()[0] for line in hollow]


def test_accuracy_against_shots_joins_the_results_of_one_run(make_result):
    ax = plot_along([*shots(make_result), make_result()], Figure().subplots(), "n_shot")

    (curve,) = [
        line
        for line in ax.lines
        if len(line.get_xdata()) == 2 and line.get_marker() == "o"
    ]
    assert list(curve.get_xdata()) == [1, 5]
    assert along_figure([make_result()], "n_way") is None
    with pytest.raises(ResultError, match="two values"):
        plot_along([make_result()], Figure().subplots(), "n_way")


def test_the_hardest_classes_come_with_their_images(make_result):
    result = make_result(0.7, 3)

    ax = plot_class_accuracy(result, Figure().subplots(), black_images)

    hardest = (
        class_accuracy(result).sort_values("accuracy", kind="stable")["class"].head(8)
    )
    written = [text.split("\n")[0] for text in texts(ax) if text]
    assert written == ["all 12 classes", *hardest]
    assert len([a for a in ax.artists if hasattr(a, "offsetbox")]) == 8
