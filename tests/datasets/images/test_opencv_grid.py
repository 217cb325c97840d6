"""Where a resized image has its pixels, in old pixels."""

import numpy as np

from fewbench.datasets.images.opencv_grid import (
    as_rows,
    grid_of_centres,
    grid_of_starts,
    scale_of,
    value_places,
)


def test_scale_is_divided_twice() -> None:
    assert scale_of(10, 5) == 2
    assert scale_of(3, 49) == 1 / (49 / 3)


def test_centres_lie_between_old_pixels() -> None:
    before, distance = grid_of_centres(8, 4)
    assert before.tolist() == [0, 2, 4, 6]
    assert distance.tolist() == [0.5] * 4
    assert (before.dtype, distance.dtype) == (np.int64, np.float32)


def test_first_centre_of_a_larger_image_lies_before_the_first_pixel() -> None:
    before, distance = grid_of_centres(2, 4)
    assert before.tolist() == [-1, 0, 0, 1]
    assert distance.tolist() == [0.75, 0.25, 0.75, 0.25]


def test_starts_tell_how_much_lies_in_the_next_pixel() -> None:
    first, in_next = grid_of_starts(2, 3)
    assert first.tolist() == [0, 0, 1]
    # The second new pixel covers both old ones by half.
    np.testing.assert_allclose(in_next, [0, 0.5, 0], atol=1e-6)


def test_values_of_columns_in_interleaved_rows() -> None:
    image = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3)
    places = value_places(np.array([2, 0]), 3)
    assert places.tolist() == [6, 7, 8, 0, 1, 2]
    values = as_rows(image)[:, places]
    np.testing.assert_array_equal(values.reshape(2, 2, 3), image[:, [2, 0]])
