"""The pixels that are known belong to numbers that are there."""

from fewbench.benchmark.published_numbers import published_numbers
from fewbench.benchmark.published_pixels import PIXELS, UNKNOWN, PublishedPixels
from fewbench.datasets.images.resample import RESAMPLING
from fewbench.datasets.images.spectrum import ALIASING
from fewbench.reports.published import PublishedNumber


def pixels_of(number: PublishedNumber) -> PublishedPixels:
    return PublishedPixels(
        number.pixels, number.resampling, number.spectrum, number.jpeg
    )


def test_each_name_is_that_of_a_number_which_gets_the_pixels() -> None:
    numbers = {one.id: one for one in published_numbers()}
    for name, pixels in PIXELS.items():
        assert pixels.resampling in RESAMPLING
        assert pixels.spectrum in ("", spectrum_after(pixels.resampling))
        assert pixels_of(numbers[name]) == pixels
    others = numbers.keys() - PIXELS
    assert all(pixels_of(numbers[name]) == UNKNOWN for name in others)


def spectrum_after(resampling: str) -> str:
    return "aliased" if resampling in ALIASING else "smooth"
