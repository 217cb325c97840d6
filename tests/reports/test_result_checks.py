import numpy as np
import pytest

from fewbench_tests.made_results import one_bin


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            {"correct": np.zeros(40, dtype=np.int32)},
            "expected the number of right answers",
        ),
        ({"correct": np.zeros(39, dtype=np.int32)}, r"got int32 \(39,\)"),
        (
            {"predictions": np.zeros((40, 75), dtype=np.int64)},
            "predictions: expected uint8 .*got int64",
        ),
        (
            {"predictions": np.full((40, 75), 5, dtype=np.uint8)},
            "expected labels 0 to 4, got 5",
        ),
        ({"queries": np.full((40, 5), 14, np.uint16)}, "expected 15 query images"),
        ({"queries": np.full((40, 5), 15)}, "queries: expected uint16.*got int64"),
        (
            {"classes": np.full((40, 5), 12, np.uint16)},
            "classes: expected class numbers 0 to 11, got 12",
        ),
        (
            {"classes": np.zeros((40, 4), np.uint16)},
            r"classes: expected uint16 \(40, 5\), got uint16 \(40, 4\)",
        ),
        (
            {"class_names": np.arange(12)},
            r"class_names: expected a one-dimensional array of strings, got int64 \(12,\)",
        ),
        ({"class_names": np.full(12, "\ud800")}, "class_names: expected text"),
        (
            {"class_names": np.full(12, 2**31 - 1, np.uint32).view("U1")},
            "class_names: expected text",
        ),
        (
            {"class_sizes": np.zeros(11, np.int32)},
            r"class_sizes: expected int32 \(12,\), got int32 \(11,\)",
        ),
        (
            {"calibration": np.zeros((99, 3))},
            r"calibration: expected float64 \(100, 3\), got float64 \(99, 3\)",
        ),
    ],
)
def test_arrays_that_do_not_fit_are_refused(make_result, change, complaint):
    with pytest.raises(ValueError, match=complaint):
        make_result(**change)


def test_arrays_that_fit_are_accepted(make_result):
    plain = make_result()
    queries = np.full((40, 5), 15, np.uint16)
    table = one_bin(plain.predictions, 5, 50)

    assert make_result(queries=queries, calibration=table).mean == plain.mean
