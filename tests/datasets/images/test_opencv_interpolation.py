"""Linear and cubic interpolation, by hand."""

import numpy as np

from fewbench.datasets.images.opencv_grid import grid_of_centres, grid_of_starts
from fewbench.datasets.images.opencv_interpolation import (
    interpolate_cubic,
    interpolate_linear,
)


def row(*values: int) -> np.ndarray:
    return np.array(values, np.uint8)[None, :, None]


def test_linear_is_the_mean_of_the_two_middle_pixels() -> None:
    found = interpolate_linear(row(10, 20, 40, 90), (1, 1), grid_of_centres)
    assert found.ravel().tolist() == [30]


def test_linear_repeats_the_edge() -> None:
    found = interpolate_linear(row(0, 100), (1, 4), grid_of_centres)
    assert found.ravel().tolist() == [0, 25, 75, 100]


def test_linear_follows_the_grid() -> None:
    found = interpolate_linear(row(0, 100), (1, 4), grid_of_starts)
    assert found.ravel().tolist() == [0, 0, 100, 100]


def test_cubic_weighs_four_pixels() -> None:
    # Halfway between two pixels, Keys' kernel with a = -0.75 is -3/32 and 19/32.
    found = interpolate_cubic(row(64, 0, 0, 0), (1, 2))
    assert found.ravel().tolist() == [32, 0]
    found = interpolate_cubic(row(0, 64, 64, 0), (1, 1))
    assert found.item() == 76


def test_cubic_stays_within_the_levels() -> None:
    found = interpolate_cubic(row(0, 255, 255, 0), (1, 1))
    assert found.item() == 255
