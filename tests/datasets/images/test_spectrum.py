"""Photos are called smooth or aliased by the end of their spectrum."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fewbench.datasets.archives.tree import open_tree
from fewbench.datasets.images.decode import decode
from fewbench.datasets.images.resample import RESAMPLING, resize
from fewbench.datasets.images.spectrum import ALIASING, Spectrum, falls, tell_spectrum

SIDE = 84


@cache
def invented_photos() -> list[Image.Image]:
    """Noise whose amplitudes fall with the frequency, as those of photos do."""
    chance = np.random.default_rng(5)
    frequencies = np.hypot(np.fft.fftfreq(336)[:, None], np.fft.rfftfreq(336))
    frequencies[0, 0] = 1
    photos = []
    for _ in range(20):
        waves = np.fft.rfft2(chance.normal(size=(336, 336))) / frequencies**1.2
        values = np.fft.irfft2(waves)
        grey = 128 + 40 * values / values.std()
        pixels = grey.clip(0, 255).astype(np.uint8)
        photos.append(Image.fromarray(pixels).convert("RGB"))
    return photos


def shrunk(photos: list[Image.Image], name: str) -> np.ndarray:
    return np.stack([resize(photo, (SIDE, SIDE), name) for photo in photos])


def told(images: np.ndarray) -> Spectrum:
    spectrum = tell_spectrum(images)
    assert spectrum is not None
    return spectrum


@pytest.mark.parametrize("name", RESAMPLING)
def test_every_filter_is_told_by_whether_it_averages(name: str) -> None:
    spectrum = told(shrunk(invented_photos(), name))
    assert spectrum.n_images == 20
    assert spectrum.verdict == ("aliased" if name in ALIASING else "smooth")


def test_few_photos_decide_nothing() -> None:
    images = shrunk(invented_photos(), "cv2-linear")
    assert told(images).verdict == "aliased"
    assert told(images[:2]).verdict == "cannot tell"


def test_both_directions_count_alike() -> None:
    images = shrunk(invented_photos()[:3], "lanczos")
    turned = images.swapaxes(1, 2)
    np.testing.assert_allclose(falls(images), falls(turned), rtol=1e-4)


def test_photos_without_fine_detail_tell_nothing() -> None:
    blurred = [
        photo.resize((30, 30), Image.Resampling.BOX) for photo in invented_photos()
    ]
    assert told(shrunk(blurred, "bicubic")).verdict == "cannot tell"
    flat = np.full((20, SIDE, SIDE, 3), 90, np.uint8)
    assert told(flat).verdict == "cannot tell"


def test_empty_images_have_a_finite_fall() -> None:
    assert np.isfinite(falls(np.zeros((2, SIDE, SIDE, 3), np.uint8))).all()


@pytest.mark.parametrize(
    "shape", [(2, 84, 84, 1), (2, 28, 28, 3), (2, 84, 200, 3), (2, 40, 84, 3)]
)
def test_images_of_other_kinds_are_not_judged(shape: tuple[int, ...]) -> None:
    assert tell_spectrum(np.zeros(shape, np.uint8)) is None


def test_real_photos_are_told_apart(shared_data: Path) -> None:
    """Half of the photos that spectrum.py was not calibrated on, and of their filters."""
    path = shared_data / "imagenet_sample" / "imagenet_full_resolution_100.zip"
    with open_tree(path) as tree:
        names = sorted(tree.names())[1::4]
        photos = [decode(tree.read(name), name, "RGB") for name in names]
    for name in ("nearest", "cv2-cubic", "box", "lanczos", "cv2-area"):
        expected = "aliased" if name in ALIASING else "smooth"
        assert told(shrunk(photos, name)).verdict == expected
