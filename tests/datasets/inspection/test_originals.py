"""Images are found from their originals, whatever made them small; doubts are told."""

import io

import numpy as np
import pytest
from PIL import Image

from fewbench.datasets.inspection.geometry import small_image
from fewbench.datasets.inspection.originals import ContentSearch
from fewbench_tests.photos import photo

N_ORIGINALS, N_IMAGES = 4, 30


def names(n: int = N_IMAGES) -> list[str]:
    return [f"image-{i}" for i in range(n)]


def smalls(geometry: str, resampling: str) -> np.ndarray:
    """uint8 (30, 84, 84, 3)"""
    images = []
    for seed in range(N_IMAGES):
        images.append(small_image(photo(seed), 84, geometry, resampling))
    return np.stack(images)


def after_jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


@pytest.fixture(scope="module")
def originals() -> list[Image.Image]:
    """The first four photos, and one that has no image."""
    return [*map(photo, range(N_ORIGINALS)), photo(99)]


@pytest.mark.parametrize(
    ("geometry", "resampling"),
    [
        ("squashed", "cv2-area"),
        ("squashed", "cv2-cubic"),
        ("squashed-and-cut", "nearest"),
        ("shorter-side", "lanczos"),
        ("shorter-side-and-cut", "bilinear"),
    ],
)
def test_every_original_finds_its_image_and_no_other(
    originals: list[Image.Image], geometry: str, resampling: str
) -> None:
    search = ContentSearch(originals, 84)
    images = smalls(geometry, resampling)
    images = np.stack([after_jpeg(image, 75) for image in images])
    search.look_at("a", names(20), images[:20, :, :, ::-1])  # BGR
    search.look_at("b", names(10), images[20:])
    matches = search.matches()
    found = [match.image.name if match.image else None for match in matches]
    assert found == ["a/image-0", "a/image-1", "a/image-2", "a/image-3", None]
    assert not any(match.is_ambiguous for match in matches)
    assert matches[0].image is not None
    np.testing.assert_array_equal(matches[0].image.pixels, images[0, :, :, ::-1])


def test_grain_that_a_filter_did_not_smooth_hides_no_image() -> None:
    rng = np.random.default_rng(0)
    pixels = np.asarray(photo(0)) + rng.normal(0, 60, (220, 300, 1))
    grainy = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    search = ContentSearch([grainy], 84)
    small = small_image(grainy, 84, "squashed", "nearest")
    search.look_at("a", names(1), small[None])
    [match] = search.matches()
    assert match.image is not None


def test_two_equal_images_are_ambiguous(originals: list[Image.Image]) -> None:
    search = ContentSearch(originals[:2], 84)
    images = smalls("squashed", "box")
    search.look_at("a", names(), images)
    search.look_at("b", ["again"], after_jpeg(images[1], 95)[None])
    first, second = search.matches()
    assert first.image is not None
    assert (second.image, second.is_ambiguous) == (None, True)


def test_images_of_one_grey_level_match_nothing() -> None:
    flat = Image.new("RGB", (300, 200), (9, 9, 9))
    search = ContentSearch([flat], 84)
    search.look_at("a", names(1), np.full((1, 84, 84, 3), 9, np.uint8))
    [match] = search.matches()
    assert match.image is None


def test_without_images_nothing_matches(originals: list[Image.Image]) -> None:
    assert ContentSearch(originals[:1], 84).matches()[0].image is None
