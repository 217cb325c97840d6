"""The pixels that are known belong to numbers that are there."""

from fewbench.benchmark.published_numbers import published_numbers
from fewbench.benchmark.published_pixels import PIXELS, UNKNOWN


def test_each_name_is_that_of_a_number_which_gets_the_pixels() -> None:
    numbers = {one.id: one for one in published_numbers()}
    for name, pixels in PIXELS.items():
        assert pixels.spectrum in ("smooth", "aliased")
        assert (numbers[name].spectrum, numbers[name].pixels) == pixels
    others = numbers.keys() - PIXELS
    assert all(
        (numbers[name].spectrum, numbers[name].pixels) == UNKNOWN for name in others
    )
