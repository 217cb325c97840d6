import numpy as np
import pytest

from fewbench.datasets.class_layout import ClassLayout
from fewbench.datasets.info import DataError
from fewbench_tests.fake_splits import fake_view

SIZES = [3, 1, 4]


@pytest.mark.parametrize("rotated", [{}, {"rotations": True}, {"task_rotations": True}])
def test_a_layout_counts_as_the_view_does(rotated) -> None:
    view = fake_view(SIZES, **rotated)
    layout = ClassLayout(np.diff(view.class_offsets), **rotated)
    np.testing.assert_array_equal(layout.class_offsets, view.class_offsets)
    assert layout.n_base_classes == view.n_base_classes
    assert layout.n_base_images == view.n_base_images
    assert layout.n_images == len(view)


@pytest.mark.parametrize(
    ("sizes", "rotations", "complaint"),
    [
        ([3, 0, 4], False, "a class without images"),
        ([], False, "no classes"),
        ([3, 1, 4, 1] * 3, True, "the same classes in each of 4 rotations, got 12"),
        ([3, 1, 4], True, "got 3 classes"),
    ],
)
def test_sizes_that_no_view_has_are_refused(sizes, rotations, complaint) -> None:
    with pytest.raises(DataError, match=complaint):
        ClassLayout(np.array(sizes, np.int64), rotations)
