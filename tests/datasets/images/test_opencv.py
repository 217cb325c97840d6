"""The cv2 filters give the bytes that OpenCV gives."""

import hashlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewbench.datasets.images.opencv import FILTERS
from fewbench_tests.encoded_images import pattern

CV2_FLAGS = {
    "cv2-linear": "INTER_LINEAR",
    "cv2-cubic": "INTER_CUBIC",
    "cv2-area": "INTER_AREA",
}
# (height, width) before and after, channels: ones that OpenCV treats differently.
SMALLER = [
    ((375, 500), (84, 84), 3),
    ((333, 251), (84, 84), 1),
    ((168, 168), (84, 84), 3),  # exactly half
    ((252, 336), (84, 84), 3),  # by whole factors
    ((105, 105), (28, 28), 1),
    ((64, 300), (21, 1), 3),
    ((20, 5001), (20, 2500), 1),  # cells that cover next to nothing of a pixel
    (
        (121, 161),
        (84, 84),
        3,
    ),  # a cubic sum so near a half that the order of adding decides
]
LARGER = [
    ((28, 37), (84, 84), 3),
    ((42, 42), (84, 84), 1),
    ((42, 500), (84, 84), 3),  # one side grows, the other shrinks
    ((1, 7), (5, 9), 3),
]
# sha256 of the outputs of OpenCV 5.0.0 (opencv-python-headless 5.0.0.93, x86-64, IPP off); 3.4.18,
# 4.5.5, 4.10.0 and 4.13.0 give the same.
DIGESTS = {
    (
        "cv2-linear",
        "smaller",
    ): "35c42d78160b4d5a4d42dece709980fd95d2bac27a345b67b518745df2d8d0a9",
    (
        "cv2-linear",
        "larger",
    ): "f51d91ae73b4a2c63736be5f8004178b25552314f3c1b7735c3d7ddfc11c500c",
    (
        "cv2-cubic",
        "smaller",
    ): "2b3d223b8f28042939354c29ceeb3389eedcf1805f49a2f3bbd9ce944500557b",
    (
        "cv2-cubic",
        "larger",
    ): "25f8be751559453965265c8760c6046d4208cd7a0bb75b9e37d6df00729b8a4d",
    (
        "cv2-area",
        "smaller",
    ): "fb3df359660b409f9e871fc2b72d7c1aae03c9dea34b3c0dedb5e1f280b9c046",
    (
        "cv2-area",
        "larger",
    ): "b52b2acb65a00cac58aa24dd5b296c155feae1702c17c18fbc1869214d03ba14",
}


def random_image(shape: tuple[int, int, int], seed: int) -> np.ndarray:
    """Noise, black and white, or something smooth, by turns."""
    draw = np.random.default_rng(seed)
    if seed % 3 == 0:
        return draw.integers(0, 256, shape, dtype=np.uint8)
    if seed % 3 == 1:
        return draw.integers(0, 2, shape, dtype=np.uint8) * 255
    return (
        (np.cumsum(draw.integers(-9, 10, shape), axis=0) + 128)
        .clip(0, 255)
        .astype(np.uint8)
    )


@pytest.mark.parametrize(("name", "direction"), DIGESTS)
def test_bytes_are_those_that_opencv_gave(name: str, direction: str) -> None:
    digest = hashlib.sha256()
    for before, after, channels in {"smaller": SMALLER, "larger": LARGER}[direction]:
        digest.update(FILTERS[name](pattern(*before, channels), after).tobytes())
    assert digest.hexdigest() == DIGESTS[name, direction]


sides = st.one_of(st.integers(1, 40), st.integers(1, 400))


@pytest.mark.parametrize("name", CV2_FLAGS)
@settings(max_examples=150)
@given(
    before=st.tuples(sides, sides),
    after=st.tuples(st.integers(1, 130), st.integers(1, 130)),
    channels=st.sampled_from([1, 3]),
    seed=st.integers(0, 2**32),
)
def test_bytes_are_those_of_the_opencv_installed(
    name: str, before: tuple[int, int], after: tuple[int, int], channels: int, seed: int
) -> None:
    cv2 = pytest.importorskip(
        "cv2", reason="needs OpenCV: pip install opencv-python-headless"
    )
    image = random_image((*before, channels), seed)

    def by_opencv(*, ipp: bool) -> np.ndarray:
        cv2.ipp.setUseIPP(ipp)
        return cv2.resize(
            image, after[::-1], interpolation=getattr(cv2, CV2_FLAGS[name])
        )

    found = FILTERS[name](image, after)
    np.testing.assert_array_equal(found, by_opencv(ipp=False).reshape(found.shape))
    difference = np.abs(found.astype(int) - by_opencv(ipp=True).reshape(found.shape))
    assert difference.max() <= (1 if name == "cv2-cubic" else 0)


# What the filters are, said in float64 and without OpenCV


def tent(x: np.ndarray) -> np.ndarray:
    return (1 - np.abs(x)).clip(0, None)


def keys(x: np.ndarray) -> np.ndarray:
    a, x = -0.75, np.abs(x)
    inner = (a + 2) * x**3 - (a + 3) * x**2 + 1
    return np.where(x < 1, inner, np.where(x < 2, a * (x**3 - 5 * x**2 + 8 * x - 4), 0))


def interpolation(
    kernel: Callable[[np.ndarray], np.ndarray], old: int, new: int
) -> np.ndarray:
    """float64 (new, old): weights of the old pixels, those beyond the edge being the edge."""
    centres = (np.arange(new) + 0.5) * old / new - 0.5
    beyond = np.arange(-2, old + 2)
    wide = kernel(centres[:, None] - beyond)
    weights = np.zeros((new, old))
    np.add.at(weights.T, beyond.clip(0, old - 1), wide.T)
    return weights


def overlap(old: int, new: int) -> np.ndarray:
    """float64 (new, old): which part of each new pixel each old one makes up."""
    edges, old_edges = np.arange(new + 1) * old / new, np.arange(old + 1)
    shared = np.minimum(edges[1:, None], old_edges[1:]) - np.maximum(
        edges[:-1, None], old_edges[:-1]
    )
    return shared.clip(0, None) * new / old


WEIGHTS = {
    "cv2-linear": lambda old, new: interpolation(tent, old, new),
    "cv2-cubic": lambda old, new: interpolation(keys, old, new),
    "cv2-area": overlap,
}


@pytest.mark.parametrize("name", CV2_FLAGS)
@settings(max_examples=60)
@given(
    after=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    more=st.tuples(st.integers(0, 90), st.integers(0, 90)),
    seed=st.integers(0, 2**32),
)
def test_smaller_images_are_within_rounding_of_the_formula(
    name: str, after: tuple[int, int], more: tuple[int, int], seed: int
) -> None:
    before = (after[0] + more[0], after[1] + more[1])
    image = random_image((*before, 3), seed)
    down, across = (
        WEIGHTS[name](old, new) for old, new in zip(before, after, strict=True)
    )
    exact = np.einsum("hy,yxc,wx->hwc", down, image, across).clip(0, 255)
    # Area leaves out slivers of less than 1/1000 pixel; weights in 1/2048 add up to less than 1.
    assert np.abs(FILTERS[name](image, after) - exact).max() < 1.5


@pytest.mark.parametrize("name", CV2_FLAGS)
@pytest.mark.parametrize("level", [0, 1, 127, 254, 255])
@pytest.mark.parametrize("size", [(84, 84), (7, 100), (30, 20)])
def test_one_grey_stays_that_grey(name: str, level: int, size: tuple[int, int]) -> None:
    image = np.full((60, 40, 3), level, np.uint8)
    assert np.all(FILTERS[name](image, size) == level)


@pytest.mark.parametrize("name", CV2_FLAGS)
def test_the_largest_image_fits_into_one_pixel(name: str) -> None:
    """64 million times 255 is more than 32 bits hold."""
    assert FILTERS[name](np.full((8192, 8192, 1), 255, np.uint8), (1, 1)) == 255


@pytest.mark.parametrize("name", CV2_FLAGS)
def test_the_same_size_gives_a_copy(name: str) -> None:
    image = pattern(20, 30, 3)
    found = FILTERS[name](image, (20, 30))
    np.testing.assert_array_equal(found, image)
    assert not np.shares_memory(found, image)


@pytest.mark.parametrize("name", CV2_FLAGS)
@pytest.mark.parametrize("size", [(84, 84), (300, 400)])
def test_channels_do_not_mix(name: str, size: tuple[int, int]) -> None:
    image = pattern(120, 160, 3)
    found = FILTERS[name](image, size)
    if name == "cv2-cubic":  # which values fill no vector depends on how many there are
        size_matters = slice(0, size[1] // 8 * 8)
        found = found[:, size_matters]
    for channel in range(3):
        alone = FILTERS[name](image[:, :, channel : channel + 1], size)
        difference = np.abs(
            found[:, :, channel].astype(int) - alone[:, : found.shape[1], 0]
        )
        assert difference.max() == 0
