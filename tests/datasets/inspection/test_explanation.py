"""The filter, the geometry and the JPEG steps are told, or said to be unclear."""

import io

import numpy as np
import pytest
from PIL import Image

from fewbench.datasets.inspection.explanation import Pair, explain
from fewbench.datasets.inspection.geometry import small_image
from fewbench_tests.photos import photo


def pairs(
    geometry: str, resampling: str, *qualities: int, n: int = 8, bgr: bool = False
) -> list[Pair]:
    made = []
    for seed in range(n):
        small = small_image(photo(seed, 160, 130), 84, geometry, resampling)
        for quality in qualities:
            buffer = io.BytesIO()
            Image.fromarray(small).save(buffer, "JPEG", quality=quality)
            small = np.asarray(Image.open(buffer))
        made.append((photo(seed, 160, 130), small[..., ::-1] if bgr else small))
    return made


@pytest.mark.parametrize(
    ("geometry", "words"),
    [
        ("squashed-and-cut", "squashed to 96 x 96, then the centre of 84 x 84"),
        ("shorter-side-and-cut", "shorter side to 96, then the centre of 84 x 84"),
    ],
)
def test_pixels_made_as_we_make_them_are_explained_exactly(
    geometry: str, words: str
) -> None:
    found = explain(pairs(geometry, "cv2-area", 75, 95, bgr=True))
    assert (found.geometry, found.channels) == (words, "BGR")
    assert (found.filter, found.jpeg, found.rmse) == ("cv2-area", "75, then 95", 0)
    assert found.other_filter.is_told
    assert found.other_jpeg.is_told
    assert found.other_jpeg.n_closer == found.n_images == 8
    assert found.other_jpeg.rmse > 0
    assert found.medians["cv2-area"]["75"] == found.other_jpeg.rmse


def test_no_jpeg_is_told_too() -> None:
    found = explain(pairs("squashed", "lanczos"))
    assert (found.filter, found.jpeg, found.rmse) == ("lanczos", "no JPEG", 0)
    assert found.channels == "RGB"


def test_of_few_images_nothing_is_told() -> None:
    found = explain(pairs("squashed", "box", 90, n=2))
    assert (found.filter, found.jpeg) == ("box", "90")
    assert not found.other_filter.is_told
    assert not found.other_jpeg.is_told
