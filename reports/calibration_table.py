"""Check that a calibration table fits the predictions that it counts."""

import numpy as np
from numpy.typing import NDArray

# A probability near the edge of two bins may be counted in either, because float16 and
# float32 round it.
_EDGE = 1e-3


def check_calibration(
    calibration: NDArray[np.float64],
    n_queries: int,
    n_right: int,
) -> None:
    """Check that a calibration table counts each query image once.

    calibration: float64 (n_bins, 3) as in `RunResult`
    n_queries, n_right: the number of predictions, and of right predictions
    Raises ValueError if the table cannot be that of these predictions.
    """
    counts, right, sums = calibration.T
    finite = bool(np.isfinite(calibration).all())
    if not finite or calibration.min() < 0:
        found = f"{calibration.min()} to {calibration.max()}"
        raise ValueError(f"calibration: expected finite values >= 0, got {found}")
    _check_total("query images", counts, n_queries)
    _check_total("right answers", right, n_right)
    _check_bins("at most as many right answers as query images", right > counts)
    edges = np.arange(len(calibration) + 1) / len(calibration)
    too_low = sums < counts * (edges[:-1] - _EDGE)
    too_high = sums > counts * (edges[1:] + _EDGE)
    _check_bins("probabilities that belong there", too_low | too_high)


def _check_total(what: str, column: NDArray[np.float64], expected: int) -> None:
    found = float(column.sum())
    if found != expected:
        raise ValueError(
            f"calibration: expected {expected:,} {what} as in the array predictions, "
            f"got {found:,.0f}"
        )


def _check_bins(expected: str, wrong: NDArray[np.bool_]) -> None:
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise ValueError(f"calibration: expected {expected}, got others in bin {first}")
