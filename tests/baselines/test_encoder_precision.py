import warnings

import pytest
import torch
from torch import nn

from fewbench.baselines.encoder_precision import watch

IMAGES = torch.rand(2, 4)


@pytest.mark.parametrize(
    ("dtype", "name"),
    [
        (torch.float16, "fp16"),
        (torch.bfloat16, "bf16"),
        (torch.float32, "fp32"),
        (torch.float64, "fp64"),
    ],
)
def test_the_format_of_the_computation_is_found(dtype: torch.dtype, name: str) -> None:
    layer = nn.Linear(4, 3).to(dtype)
    images = IMAGES.to(dtype)
    assert watch(lambda: layer(images), 2).precision == name
    # It is found inside, too, where the input and the output hide it.
    if dtype != torch.float64:
        assert watch(lambda: layer(IMAGES.to(dtype)).float(), 2).precision == name


def test_autocast_is_found() -> None:
    layer = nn.Linear(4, 3)

    def run() -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return layer(IMAGES).float()

    assert watch(run, 2).precision == "bf16"


def test_integers_have_no_name() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # torch will remove such tensors
        quantised = torch.quantize_per_tensor(IMAGES, 0.1, 0, torch.quint8)
    assert watch(lambda: quantised.dequantize() * 1, 2).precision == "fp32"
    assert watch(quantised.clone, 2).precision == "other"
    assert watch(lambda: IMAGES.long() + 1, 2).precision == "other"


def test_the_largest_map_of_an_image_is_seen() -> None:
    images = torch.rand(3, 1, 8, 8)

    def run() -> torch.Tensor:
        large = nn.functional.interpolate(images, size=(40, 30))
        return large.flatten(1)

    assert watch(run, 3).largest_map == 40 * 30
    assert watch(lambda: images.flatten(1) + 1, 3).largest_map == 0
