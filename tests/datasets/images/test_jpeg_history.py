"""An earlier JPEG saving shows in the coefficients of the last one, and only then."""

import io
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from fewbench.datasets.images.jpeg_history import earlier_quality
from fewbench_tests.encoded_images import smooth

N_PHOTOS = 12


def photo(seed: int, mode: str = "RGB") -> Image.Image:
    """Smooth shapes with noise of all scales, as photos have."""
    chance = np.random.default_rng(seed)
    pixels = np.asarray(smooth(84, 84, seed), np.float64) / 2 + 60
    for side in (84, 42, 21):
        size = 84 // side
        rough = chance.normal(0, 5, (side, side, 1))
        pixels += rough.repeat(size, 0).repeat(size, 1)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).convert(mode)


def saved(image: Image.Image, *qualities: int) -> Image.Image:
    for quality in qualities:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality)
        image = Image.open(file)
        image.load()
    return image


def found(*qualities: int, mode: str = "RGB") -> Counter[int | None]:
    images = [saved(photo(seed, mode), *qualities) for seed in range(N_PHOTOS)]
    return Counter(map(earlier_quality, images))


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize(("first", "last"), [(75, 95), (85, 95), (60, 90), (40, 95)])
def test_a_coarser_earlier_saving_is_found(first: int, last: int, mode: str) -> None:
    counts = found(first, last, mode=mode)
    near = sum(n for q, n in counts.items() if q is not None and abs(q - first) <= 1)
    assert near >= N_PHOTOS - 2
    assert near + counts[None] == N_PHOTOS


@pytest.mark.parametrize("qualities", [(95,), (75,), (50,), (100,), (95, 75), (75, 75)])
def test_nothing_is_found_where_nothing_can_show(qualities: tuple[int, ...]) -> None:
    assert found(*qualities) == {None: N_PHOTOS}


def test_a_shifted_or_resized_image_forgets_its_earlier_saving() -> None:
    first = saved(photo(1), 75)
    assert earlier_quality(saved(first, 95)) == 75
    shifted = first.crop((3, 3, 83, 83))
    assert earlier_quality(saved(shifted, 95)) is None
    smaller = first.resize((64, 64), Image.Resampling.BILINEAR)
    assert earlier_quality(saved(smaller, 95)) is None


def test_images_without_coefficients_have_no_history() -> None:
    assert earlier_quality(photo(1)) is None
    assert (
        earlier_quality(saved(Image.new("RGB", (84, 84), (90, 90, 90)), 75, 95)) is None
    )
    assert earlier_quality(saved(Image.new("RGB", (84, 84)), 75, 95)) is None
    assert earlier_quality(saved(photo(1).resize((5, 5)), 75, 95)) is None


def test_the_middle_of_a_large_image_is_enough() -> None:
    large = Image.new("RGB", (301, 213))
    for left in range(0, 301, 80):
        for top in range(0, 213, 80):
            large.paste(photo(left + top), (left, top))
    assert earlier_quality(saved(large, 75, 95)) == 75
