import numpy as np
import pytest

from fewbench.reports.calibration_table import check_calibration


def table() -> np.ndarray:
    """20 queries at 0.25 of which 8 are right, and 80 at 0.9, all right but one."""
    bins = np.zeros((100, 3))
    bins[25], bins[90] = (20, 8, 5.1), (80, 79, 72.4)
    return bins


def test_a_table_that_counts_each_query_once_passes() -> None:
    check_calibration(table(), 100, 87)


def test_a_probability_at_the_edge_of_two_bins_may_be_in_either() -> None:
    for place in (28, 29):
        bins = np.zeros((100, 3))
        bins[place] = (10, 3, 2.9)
        check_calibration(bins, 10, 3)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ((25, 0, 19), "expected 100 query images as in the array predictions, got 99"),
        ((25, 1, 9), "expected 87 right answers.*got 88"),
        ((25, 1, np.nan), "finite"),
        ((25, 2, -1), "finite values >= 0"),
        ((25, 2, 4.9), "probabilities that belong there, got others in bin 25"),
        ((90, 2, 73), "probabilities that belong there, got others in bin 90"),
    ],
)
def test_a_table_of_other_predictions_is_refused(
    change: tuple[int, int, float], complaint: str
) -> None:
    bins = table()
    row, column, value = change
    bins[row, column] = value
    with pytest.raises(ValueError, match=complaint):
        check_calibration(bins, 100, 87)


def test_no_bin_has_more_right_answers_than_queries() -> None:
    bins = table()
    bins[25, 1], bins[90, 1] = 30, 57
    with pytest.raises(ValueError, match="at most as many right answers.*bin 25"):
        check_calibration(bins, 100, 87)
