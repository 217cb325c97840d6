import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from fewbench.baselines.backbones import conv4, to_input
from fewbench.baselines.inference import folded


def trained_conv4() -> nn.Sequential:
    """Running statistics, scales and shifts away from their initial values."""
    torch.manual_seed(0)
    network = conv4((28, 28, 1), 64)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight)
            nn.init.normal_(module.bias)
    with torch.no_grad():
        for _ in range(3):
            network(torch.rand(32, 1, 28, 28))
    return network


@pytest.mark.parametrize(("side", "channels", "features"), [(28, 1, 64), (84, 3, 1600)])
def test_conv4_has_the_published_number_of_features(
    side: int, channels: int, features: int
) -> None:
    assert conv4((side, side, channels), 64)(torch.rand(2, channels, side, side)).shape == (
        2,
        features,
    )


def test_conv4_has_the_published_number_of_weights() -> None:
    # 3x3 convolutions without bias, and scale and shift of four batch norms.
    expected = 9 * 1 * 64 + 3 * 9 * 64 * 64 + 4 * 2 * 64
    assert sum(parameter.numel() for parameter in conv4((28, 28, 1), 64).parameters()) == expected


def test_relu_after_the_pool_has_the_values_and_gradients_of_relu_before_it() -> None:
    network = trained_conv4().double()
    images = torch.rand(20, 1, 28, 28, dtype=torch.float64)

    def in_published_order(x: torch.Tensor) -> torch.Tensor:
        for block in network[:-1]:  # pyright: ignore[reportGeneralTypeIssues]
            x = functional.max_pool2d(torch.relu(block[1](block[0](x))), 2)
        return x.flatten(1)

    weights = list(network.parameters())
    ours, published = network(images), in_published_order(images)
    torch.testing.assert_close(ours, published, rtol=0, atol=0)
    for a, b in zip(
        torch.autograd.grad(ours.pow(3).sum(), weights),
        torch.autograd.grad(published.pow(3).sum(), weights),
        strict=True,
    ):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)


def test_a_folded_network_computes_the_same_in_eval_mode() -> None:
    network = trained_conv4().double()
    images = torch.rand(8, 1, 28, 28, dtype=torch.float64)
    fast = folded(network)
    expected = network.eval()(images)

    torch.testing.assert_close(fast(images), expected, rtol=1e-10, atol=1e-12)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in fast.modules())
    assert not any(parameter.requires_grad for parameter in fast.parameters())


def test_folding_leaves_the_original_alone() -> None:
    network = trained_conv4().train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    folded(network)
    assert network.training
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


def test_networks_of_other_shapes_are_folded_where_it_is_safe() -> None:
    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.convolution, self.norm = nn.Conv2d(1, 1, 3, padding=1), nn.BatchNorm2d(1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + self.norm(self.convolution(x))

    torch.manual_seed(0)
    network = nn.Sequential(Residual(), nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten())
    network(torch.rand(16, 1, 8, 8))
    images = torch.rand(4, 1, 8, 8)
    fast = folded(network)
    torch.testing.assert_close(fast(images), network.eval()(images), rtol=1e-4, atol=1e-5)
    assert isinstance(fast.get_submodule("0.norm"), nn.BatchNorm2d)
    assert isinstance(fast.get_submodule("2"), nn.Identity)


def test_pixels_become_channels_last_fractions() -> None:
    images = np.zeros((2, 5, 6, 3), np.uint8)
    images[1, 4, 2, 0] = 255
    pixels = to_input(torch.from_numpy(images))
    assert pixels.shape == (2, 3, 5, 6)
    assert pixels.dtype == torch.float32
    assert pixels[1, 0, 4, 2] == 1
    assert pixels.is_contiguous(memory_format=torch.channels_last)
