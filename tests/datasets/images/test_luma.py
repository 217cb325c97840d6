"""The brightness is that of JPEG, as Pillow computes it."""

import numpy as np
from PIL import Image

from fewbench.datasets.images.luma import LUMA


def test_the_brightness_is_that_of_pillow() -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (9, 9, 3), np.uint8)
    expected = np.asarray(Image.fromarray(pixels).convert("L"), np.float32)
    np.testing.assert_allclose(pixels @ LUMA, expected, atol=1)
