import pytest
from matplotlib.figure import Figure

from fewbench.benchmark.published_numbers import published_numbers
from fewbench.reports.plots.beside_published import (
    OURS_ROWS,
    PUBLISHED_ROWS,
    plot_published,
    published_figure,
)
from fewbench.reports.published import pairs_beside
from fewbench.reports.records import ResultError
from fewbench_tests.figures import texts, two_shots, xs


def test_ours_stand_beside_the_published_numbers_of_the_same_shape(make_result):
    pairs = pairs_beside(two_shots(), published_numbers())

    ax = plot_published(pairs, Figure().subplots(), 0.01)

    written = texts(ax)
    assert any(text.startswith("Snell: 60-way") for text in written)
    assert "omniglot-5w1s: protonet" in written
    hollow = [line for line in ax.lines if line.get_markerfacecolor() == "white"]
    assert 98.8 in [xs(line)[0] for line in hollow]


def test_what_differs_is_marked(make_result):
    pairs = pairs_beside([two_shots()[0]], published_numbers())

    ax = plot_published(pairs, Figure().subplots(), 0.01)

    written = texts(ax)[3:]
    for pair, value in zip(pairs[:PUBLISHED_ROWS], written[1::2], strict=False):
        published = pair.published
        assert value.startswith(f"{published.accuracy:.2f}")
        assert ("≠" in value) == bool(pair.differs_in)


def test_there_is_room_for_a_few_rows_of_each_protocol_and_method(make_result):
    results = [
        make_result(0.9, k, name="omniglot-5w1s", dataset="omniglot", train_seed=k)
        for k in range(OURS_ROWS + 2)
    ]

    figure = published_figure(pairs_beside(results, published_numbers()), 0.01)

    names = [text for text in texts(figure.axes[0]) if text.startswith("protonet")]
    assert len(names) == OURS_ROWS


def test_the_band_lies_around_the_best_of_ours():
    pairs = pairs_beside([two_shots()[0]], published_numbers())

    ax = plot_published(pairs, Figure().subplots(), 0.02)

    (band,) = ax.collections
    limits = band.get_paths()[0].get_extents().intervalx
    centre = 100 * pairs[0].result.mean
    assert list(limits) == pytest.approx([centre - 2, centre + 2])


def test_no_pairs_are_refused():
    with pytest.raises(ResultError, match=r"paired with a published number, got none"):
        plot_published([], Figure().subplots(), 0.01)
