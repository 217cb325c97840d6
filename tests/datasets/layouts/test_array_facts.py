import numpy as np
import pytest

from fewbench.datasets.layouts.array_facts import channel_order, spectrum_text
from fewbench_tests.row_arrays import Rows

SHAPE = (84, 84, 3)
IMAGES = np.random.default_rng(1).integers(0, 256, (3, *SHAPE), np.uint8)


def test_channel_order_is_told_by_the_means() -> None:
    rgb = np.zeros((7, *SHAPE), np.uint8) + np.array([120, 110, 100], np.uint8)
    assert channel_order(Rows(rgb)) == "RGB (channel means 120, 110, 100)"
    assert channel_order(Rows(rgb[..., ::-1])) == "BGR (channel means 100, 110, 120)"
    assert channel_order(Rows(rgb[..., :1].repeat(3, axis=3))) == ""


@pytest.mark.parametrize(
    "array",
    [None, [1], Rows(IMAGES[:0]), Rows(IMAGES[:, ::2]), Rows(np.zeros(())), IMAGES],
)
def test_nothing_else_has_a_channel_order_and_a_spectrum(array: object) -> None:
    assert channel_order(array) == ""
    assert spectrum_text(array) == ""


def test_the_spectrum_of_an_array_is_told() -> None:
    noise = np.random.default_rng(2).integers(0, 256, (20, *SHAPE), np.uint8)
    said = "aliased, as from a filter that does not average (it falls by"
    assert spectrum_text(Rows(noise)).startswith(said)
    assert spectrum_text(Rows(noise)).endswith("20 images)")
    assert spectrum_text(Rows(noise.astype(float))) == ""
