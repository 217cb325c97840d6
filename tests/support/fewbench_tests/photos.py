"""Invented photos: large and small structures, and edges, at full size."""

from functools import cache

import numpy as np
from PIL import Image


@cache
def photo(seed: int, width: int = 300, height: int = 220) -> Image.Image:
    """A photo in RGB."""
    rng = np.random.default_rng(seed)
    size = (width, height)
    pixels = np.zeros((height, width, 3), np.float32)
    for cells, strength in ((4, 0.7), (12, 0.3), (60, 0.2)):
        coarse = rng.integers(0, 256, (cells, cells, 3), dtype=np.uint8)
        layer = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
        pixels += strength * (np.asarray(layer, np.float32) - 128)
    return Image.fromarray(np.clip(pixels + 128, 0, 255).astype(np.uint8))
