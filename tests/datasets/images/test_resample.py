"""`resize` does what the name of the filter says; `tell_resampling` finds the filter."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fewbench.datasets.archives.tree import open_tree
from fewbench.datasets.images.decode import decode
from fewbench.datasets.images.opencv import FILTERS
from fewbench.datasets.images.resample import BGR, RESAMPLING, resize, tell_resampling
from fewbench.datasets.info import DataError
from fewbench_tests.encoded_images import encode

PILLOW = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "hamming": Image.Resampling.HAMMING,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


@pytest.mark.parametrize("name", list(PILLOW))
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_each_filter_is_pillows_of_that_name(
    photo: Image.Image, name: str, mode: str
) -> None:
    image = photo.convert(mode)
    found = resize(image, (20, 14), name)
    assert (found.dtype, found.shape) == (np.uint8, (20, 14, len(mode)))
    expected = np.asarray(image.resize((14, 20), PILLOW[name]))
    np.testing.assert_array_equal(found, expected.reshape(found.shape))
    found[0, 0, 0] ^= 255  # the caller's own copy


@pytest.mark.parametrize("name", list(FILTERS))
@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("size", [(20, 14), (48, 40), (84, 84)])
def test_each_cv2_filter_is_the_one_of_that_name(
    photo: Image.Image, name: str, mode: str, size: tuple[int, int]
) -> None:
    image = photo.convert(mode)
    found = resize(image, size, name)
    assert (found.dtype, found.shape) == (np.uint8, (*size, len(mode)))
    pixels = np.asarray(image).reshape(48, 40, len(mode))
    np.testing.assert_array_equal(found, FILTERS[name](pixels, size))
    found[0, 0, 0] ^= 255
    assert np.asarray(image).tobytes() == pixels.tobytes()


def test_filters_are_pillows_and_opencvs() -> None:
    assert list(RESAMPLING) == [*PILLOW, "cv2-linear", "cv2-cubic", "cv2-area"]


def test_filters_differ_on_photos(photo: Image.Image) -> None:
    assert len({resize(photo, (20, 14), name).tobytes() for name in RESAMPLING}) == len(
        RESAMPLING
    )


def test_one_bit_drawing_is_resized_in_grey(drawing: Image.Image) -> None:
    """Pillow uses NEAREST for mode "1" whatever filter it is given."""
    told_lanczos = drawing.resize((28, 28), Image.Resampling.LANCZOS).convert("L")
    lanczos, nearest = (
        resize(drawing, (28, 28), name) for name in ("lanczos", "nearest")
    )
    np.testing.assert_array_equal(nearest[..., 0], np.asarray(told_lanczos))
    assert len(np.unique(nearest)) == 2
    assert len(np.unique(lanczos)) > 20
    decoded = decode(encode(drawing), "drawing", "L")
    np.testing.assert_array_equal(resize(decoded, (28, 28), "lanczos"), lanczos)
    np.testing.assert_array_equal(resize(decoded, (28, 28), "nearest"), nearest)


def test_same_size_changes_nothing(photo: Image.Image) -> None:
    np.testing.assert_array_equal(resize(photo, (48, 40), "lanczos"), np.asarray(photo))


def test_palette_image_is_the_callers_mistake(photo: Image.Image) -> None:
    with pytest.raises(ValueError, match="not 'P'"):
        resize(photo.quantize(8), (4, 4), "lanczos")


@pytest.mark.parametrize(
    ("name", "meant"), [("bicubik", "bicubic"), ("cv2_area", "cv2-area")]
)
def test_unknown_filter_names_the_nearest(
    photo: Image.Image, name: str, meant: str
) -> None:
    with pytest.raises(
        DataError, match=f"unknown resampling filter.*Did you mean '{meant}'"
    ):
        resize(photo, (4, 4), name)


def textured(seed: int) -> Image.Image:
    """As detailed as a photo: noise at several scales, of a size that no filter divides evenly."""
    draw = np.random.default_rng(seed)
    layers = []
    for side in (5, 25, 125, 500):
        noise = Image.fromarray(draw.integers(0, 256, (side, side, 3), dtype=np.uint8))
        layers.append(
            np.asarray(noise.resize((500, 375), Image.Resampling.BICUBIC), float)
        )
    mixed = np.tensordot([0.4, 0.3, 0.2, 0.1], np.stack(layers), axes=1)
    return Image.fromarray(mixed.astype(np.uint8))


def after_jpeg(pixels: np.ndarray) -> np.ndarray:
    return np.asarray(
        decode(encode(Image.fromarray(pixels), "JPEG", quality=95), "x", "RGB")
    )


def check_told(original: Image.Image, name: str) -> None:
    small = resize(original, (84, 84), name)
    pixels = np.asarray(original)
    told = tell_resampling(small, pixels)
    assert next(iter(told.items())) == (name, 0)
    assert list(told.values()) == sorted(told.values())
    assert set(told) == {*RESAMPLING, *(other + BGR for other in RESAMPLING)}
    assert next(iter(tell_resampling(after_jpeg(small), pixels))) == name
    bgr = np.ascontiguousarray(small[:, :, ::-1])
    assert next(iter(tell_resampling(bgr, pixels))) == name + BGR
    assert next(iter(tell_resampling(after_jpeg(bgr), pixels))) == name + BGR


@pytest.mark.parametrize("name", list(RESAMPLING))
def test_the_filter_that_was_used_comes_first(name: str) -> None:
    check_told(textured(0), name)


@pytest.mark.parametrize("name", list(RESAMPLING))
def test_the_filter_that_was_used_comes_first_on_photos(
    imagenet: Path, name: str
) -> None:
    with open_tree(imagenet) as tree:
        for member in tree.names()[::20]:
            check_told(decode(tree.read(member), member, "RGB"), name)
