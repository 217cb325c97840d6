from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from fewbench.baselines.learner import BaselineError
from fewbench.baselines.preparation import Preparation

COLOUR = np.random.default_rng(0).integers(256, size=(3, 8, 6, 3), dtype=np.uint8)
GREY = COLOUR[:, :, :, :1]


def test_no_choice_changes_nothing() -> None:
    assert Preparation()(COLOUR) is COLOUR


@pytest.mark.parametrize("images", [COLOUR, GREY])
def test_the_size_is_reached_by_pillow(images: np.ndarray) -> None:
    resized = Preparation(size=12)(images)
    for image, original in zip(resized, images, strict=True):
        expected = Image.fromarray(original.squeeze()).resize(
            (12, 12), Image.Resampling.BILINEAR
        )
        np.testing.assert_array_equal(image.squeeze(), np.asarray(expected))


def test_images_are_normalised_by_channel() -> None:
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    expected = (COLOUR / 255 - np.array(mean)) / np.array(std)
    prepared = Preparation(mean=mean, std=std)(COLOUR)
    assert prepared.dtype == np.float32
    np.testing.assert_allclose(prepared, expected, rtol=1e-5, atol=1e-6)


def test_three_means_make_three_channels_of_a_grey_image() -> None:
    prepared = Preparation(mean=(0.1, 0.2, 0.3))(GREY)
    assert prepared.shape == (3, 8, 6, 3)
    np.testing.assert_allclose(
        prepared[..., 2], GREY[..., 0] / 255 - 0.3, rtol=1e-5, atol=1e-6
    )


def test_a_transform_comes_after_the_size_and_before_the_mean() -> None:
    seen = []

    def top_half(batch: torch.Tensor) -> torch.Tensor:
        seen.append((batch.dtype, tuple(batch.shape)))
        return batch[:, :, :6].double() / 255

    prepared = Preparation(12, top_half, mean=(0.5,))(COLOUR)
    assert seen == [(torch.uint8, (3, 3, 12, 12))]
    expected = Preparation(size=12)(COLOUR)[:, :6] / 255 - 0.5
    # Floats of a transform are not divided by 255 again.
    np.testing.assert_allclose(prepared, expected, rtol=1e-5, atol=1e-6)


def test_images_are_inverted_before_the_transform_and_the_mean() -> None:
    seen = []

    def note(batch: torch.Tensor) -> torch.Tensor:
        seen.append(batch.permute(0, 2, 3, 1).numpy())
        return batch

    prepared = Preparation(transform=note, mean=(0.5,), invert=True)(COLOUR)
    np.testing.assert_array_equal(seen[0], 255 - COLOUR)
    expected = (255 - COLOUR) / 255 - 0.5
    np.testing.assert_allclose(prepared, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(Preparation(invert=True)(GREY), 255 - GREY)


def test_a_transform_of_torchvision_works() -> None:
    v2 = pytest.importorskip("torchvision.transforms.v2")
    transform = v2.Compose(
        [
            v2.CenterCrop(4),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize([0.5] * 3, [0.5] * 3),
        ]
    )
    preparation = Preparation(transform=transform)
    expected = (COLOUR[:, 2:6, 1:5] / 255 - 0.5) / 0.5
    np.testing.assert_allclose(preparation(COLOUR), expected, rtol=1e-5, atol=1e-6)
    assert preparation.transform_name is not None
    assert preparation.transform_name.endswith(":Compose")


@pytest.mark.parametrize(
    ("transform", "said"),
    [
        (
            lambda batch: batch[0],
            r"expected a tensor \(3, C, H, W\).*uint8 \(3, 8, 6\)",
        ),
        (lambda batch: batch.numpy(), "got ndarray"),
        (lambda batch: batch.long(), "got torch.int64"),
        (lambda batch: batch / 0, "got NaN or inf"),
        (lambda batch: batch.nothing, r"failed: AttributeError.*uint8.*\(3, 3, 8, 6\)"),
    ],
)
def test_what_is_no_image_is_refused(transform: Any, said: str) -> None:
    with pytest.raises(BaselineError, match=said):
        Preparation(transform=transform)(COLOUR)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"size": 0}, "size: expected 1 to 4096 px, got 0"),
        ({"size": 10**9}, "size: expected 1 to 4096"),
        ({"size": 1.5}, "size: expected a whole number of pixels, got 1.5"),
        ({"size": True}, "size: expected a whole number"),
        ({"transform": 3}, "transform: expected a function, got 3"),
        ({"mean": 0.5}, "mean: expected a tuple of numbers, got 0.5"),
        ({"std": ("a",)}, "std: expected a tuple of numbers"),
        ({"mean": ()}, "mean: expected 1 or 3 finite numbers, got none"),
        ({"mean": (0.1, 0.2)}, "got 0.1, 0.2"),
        ({"std": (float("nan"),)}, "got nan"),
        ({"std": (0.2, 0.0, 0.2)}, "std: expected numbers above 0"),
    ],
)
def test_values_that_cannot_be_used_are_refused(
    values: dict[str, Any], said: str
) -> None:
    with pytest.raises(BaselineError, match=said):
        Preparation(**values)


def test_the_number_of_means_fits_the_channels() -> None:
    two_channels = COLOUR[..., :2]
    with pytest.raises(BaselineError, match="1 value or 2"):
        Preparation(mean=(0.1, 0.2, 0.3))(two_channels)
