import pytest
import torch

from fewbench.baselines.backbones import BACKBONES
from fewbench.baselines.weights.layers import slots_of
from fewbench.baselines.weights.mismatch import advice_on_shapes

CONV4 = slots_of(BACKBONES["conv4"]((84, 84, 3), 8))


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((16, 3, 3, 3), "Type --width 16"),
        ((8, 1, 3, 3), "images with 1 channels"),
        ((3, 3, 3, 8), "conv is in TensorFlow's order"),
        ((8, 3, 5, 5), "Choose another --backbone"),
        ((8, 3), "Choose another --backbone or --width"),
    ],
)
def test_the_first_kernel_tells_the_wrong_choice(
    shape: tuple[int, ...], words: str
) -> None:
    tensors = {"scale": torch.zeros(8), "conv": torch.zeros(shape)}
    assert words in advice_on_shapes(tensors, CONV4)


def test_a_network_without_kernels_gets_general_advice() -> None:
    slots = slots_of(BACKBONES["mlp"]((28, 28, 1), 8))
    tensors = {"conv": torch.zeros(8, 1, 3, 3)}
    assert "--backbone or --width" in advice_on_shapes(tensors, slots)
