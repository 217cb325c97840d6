import datetime
import io

import numpy as np
import pytest
from matplotlib.figure import Figure

from fewbench.reports.plots.nights import (
    Trend,
    nights_figure,
    plot_evidence,
    plot_nights,
)
from fewbench.reports.records import ResultError
from fewbench.reports.stats.nightly import watch
from fewbench_tests.figures import texts

REFERENCE = [0.5, 0.51, 0.505, 0.495, 0.49]
NIGHTS = [0.5, 0.49, 0.47, 0.46]
FIRST = datetime.date(2026, 11, 26)


def trend(accuracies=NIGHTS, reference=REFERENCE) -> Trend:
    dates = [FIRST + datetime.timedelta(k) for k in range(len(accuracies))]
    return Trend("test_models.py::test_mine", reference, dates, accuracies)


def test_nights_stand_beside_the_reference() -> None:
    ax = plot_nights(trend(), Figure().subplots())

    mean, nights = ax.lines
    assert np.asarray(mean.get_ydata()) == pytest.approx([50, 50])
    assert np.asarray(nights.get_ydata()) == pytest.approx([50, 49, 47, 46])
    [band] = ax.patches
    low, high = band.get_extents().transformed(ax.transData.inverted()).intervaly
    spread = 100 * np.std(REFERENCE, ddof=1)
    assert (low, high) == pytest.approx((50 - spread, 50 + spread))
    assert "reference 50.00 % ± 0.79, one standard" in ax.get_title(loc="left")


def test_e_values_stand_below_their_limit_or_above() -> None:
    ax = plot_evidence(trend(), Figure().subplots())

    limit, evidence = ax.lines
    assert np.asarray(limit.get_ydata()) == pytest.approx([20, 20])
    assert np.asarray(evidence.get_ydata()) == pytest.approx(
        watch(REFERENCE, NIGHTS).e_values
    )
    assert texts(ax) == ["alarm at 20"]
    assert ax.get_yscale() == "log"


@pytest.mark.parametrize(
    ("reference", "n_axes"), [(REFERENCE, 2), ([0.5], 1), ([0.5, 0.5, 0.5], 1)]
)
def test_a_figure_has_e_values_if_the_reference_has_a_spread(reference, n_axes) -> None:
    figure = nights_figure(trend(reference=reference))

    assert len(figure.axes) == n_axes
    figure.savefig(io.BytesIO(), format="png")


def test_equal_nights_are_no_trend() -> None:
    ax = plot_nights(trend([0.5, 0.5], [0.5]), Figure().subplots())

    low, high = ax.get_ylim()
    assert high - low >= 0.2


def test_nothing_to_plot_is_refused() -> None:
    with pytest.raises(ResultError, match="Run a night first"):
        trend([])
    with pytest.raises(ResultError, match="a date for each run"):
        Trend("mine", REFERENCE, [], NIGHTS)
