import warnings

import pytest
import torch
from torch import nn

from fewbench.baselines.encoder_precision import computed_precision

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
    assert computed_precision(lambda: layer(images)) == name
    # It is found inside, too, where the input and the output hide it.
    if dtype != torch.float64:
        assert computed_precision(lambda: layer(IMAGES.to(dtype)).float()) == name


def test_autocast_is_found() -> None:
    layer = nn.Linear(4, 3)

    def run() -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return layer(IMAGES).float()

    assert computed_precision(run) == "bf16"


def test_integers_have_no_name() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # torch will remove such tensors
        quantised = torch.quantize_per_tensor(IMAGES, 0.1, 0, torch.quint8)
    assert computed_precision(lambda: quantised.dequantize() * 1) == "fp32"
    assert computed_precision(quantised.clone) == "other"
    assert computed_precision(lambda: IMAGES.long() + 1) == "other"
