"""Means of covered pixels, by hand."""

import numpy as np

from fewbench.datasets.images.opencv_area import (
    mean_of_covered,
    mean_of_whole,
    shrinks_by_whole_factors,
)


def grey(rows: list[list[int]]) -> np.ndarray:
    return np.array(rows, np.uint8)[:, :, None]


def test_whole_factors() -> None:
    image = np.zeros((6, 9, 1), np.uint8)
    assert shrinks_by_whole_factors(image, (2, 3))
    assert shrinks_by_whole_factors(image, (6, 9))
    assert not shrinks_by_whole_factors(image, (4, 3))
    assert not shrinks_by_whole_factors(image, (2, 4))


def test_halves_are_rounded_up_in_cells_of_2_x_2() -> None:
    assert mean_of_whole(grey([[0, 1], [1, 0]]), (1, 1)).item() == 1
    assert mean_of_whole(grey([[2, 3], [3, 2]]), (1, 1)).item() == 3


def test_halves_are_rounded_to_even_in_other_cells() -> None:
    assert mean_of_whole(grey([[0, 1]]), (1, 1)).item() == 0
    assert mean_of_whole(grey([[1, 2]]), (1, 1)).item() == 2


def test_partly_covered_pixels_count_in_part() -> None:
    # Each new pixel covers one and a half old ones.
    image = grey([[30, 60, 90]])
    assert mean_of_covered(image, (1, 2)).ravel().tolist() == [40, 80]
    tall = image.transpose(1, 0, 2)
    assert mean_of_covered(tall, (2, 1)).ravel().tolist() == [40, 80]
