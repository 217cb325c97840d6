"""Each geometry takes the part of the original that its words say."""

import numpy as np
import pytest
from PIL import Image

from fewbench.datasets.images.resample import resize
from fewbench.datasets.inspection.geometry import (
    GEOMETRIES,
    describe_geometry,
    small_image,
)
from fewbench_tests.photos import photo


def ramp(width: int, height: int) -> Image.Image:
    """Red grows to the right, green downwards, both from 0 to 255."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[..., 0] = np.linspace(0, 255, width)
    pixels[..., 1] = np.linspace(0, 255, height)[:, None]
    return Image.fromarray(pixels)


@pytest.mark.parametrize(
    ("geometry", "seen"),
    [
        ("squashed", (1, 1)),
        ("squashed-and-cut", (7 / 8, 7 / 8)),
        ("shorter-side", (1 / 2, 1)),
        ("shorter-side-and-cut", (7 / 16, 7 / 8)),
    ],
)
def test_each_shows_its_part_of_the_original(
    geometry: str, seen: tuple[float, float]
) -> None:
    small = small_image(ramp(800, 400), 84, geometry, "box").astype(float)
    assert small.shape == (84, 84, 3)
    across = (small[0, -1, 0] - small[0, 0, 0]) / 255
    down = (small[-1, 0, 1] - small[0, 0, 1]) / 255
    assert (across, down) == pytest.approx(seen, abs=0.03)
    assert small[..., 0].mean() == pytest.approx(127.5, abs=2)  # the centre


def test_the_first_is_what_a_build_does() -> None:
    expected = resize(photo(0), (84, 84), "lanczos")
    found = small_image(photo(0), 84, "squashed", "lanczos")
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("size", [(85, 200), (200, 85), (97, 97)])
def test_odd_sizes_give_the_side(geometry: str, size: tuple[int, int]) -> None:
    assert small_image(ramp(*size), 84, geometry, "box").shape == (84, 84, 3)


def test_the_words_state_the_sizes() -> None:
    words = {name: describe_geometry(name, 84) for name in GEOMETRIES}
    assert words["squashed"] == "the whole image squashed to 84 x 84"
    assert words["shorter-side-and-cut"] == (
        "shorter side to 96, then the centre of 84 x 84"
    )
