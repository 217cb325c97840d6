import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from fewbench.baselines.backbones import (
    BACKBONES,
    Shape,
    batch_norm,
    conv4,
    conv4_strided,
    initialise_glorot,
    n_features,
    running_norm,
    to_input,
)
from fewbench.baselines.learner import BaselineError


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
    assert conv4((side, side, channels), 64)(
        torch.rand(2, channels, side, side)
    ).shape == (
        2,
        features,
    )


@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.parametrize("side", [8, 15, 16, 96])
def test_images_of_any_size_have_features_or_are_refused(name: str, side: int) -> None:
    shape = (side, side, 1)
    if side < 16 and name in ("conv4", "resnet12"):
        with pytest.raises(BaselineError, match=f"at least 16 x 16 .*got {side} x"):
            BACKBONES[name](shape, 4)
    else:
        assert n_features(BACKBONES[name](shape, 4), shape) >= 4


def test_conv4_has_the_published_number_of_weights() -> None:
    # 3x3 convolutions without bias, and scale and shift of four batch norms.
    expected = 9 * 1 * 64 + 3 * 9 * 64 * 64 + 4 * 2 * 64
    assert (
        sum(parameter.numel() for parameter in conv4((28, 28, 1), 64).parameters())
        == expected
    )


def test_relu_after_the_pool_has_the_values_and_gradients_of_relu_before_it() -> None:
    network = trained_conv4().double()
    images = torch.rand(20, 1, 28, 28, dtype=torch.float64)

    def in_published_order(x: torch.Tensor) -> torch.Tensor:
        for block in list(network)[:-1]:
            assert isinstance(block, nn.Sequential)
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


def test_pixels_become_channels_last_fractions() -> None:
    images = np.zeros((2, 5, 6, 3), np.uint8)
    images[1, 4, 2, 0] = 255
    pixels = to_input(torch.from_numpy(images))
    assert pixels.shape == (2, 3, 5, 6)
    assert pixels.dtype == torch.float32
    assert pixels[1, 0, 4, 2] == 1
    assert pixels.is_contiguous(memory_format=torch.channels_last)


FAMILIES = {"running": running_norm, "batch": batch_norm}


@pytest.mark.parametrize(
    ("name", "shape", "widths", "features"),
    [
        ("conv4", (28, 28, 1), [64] * 4, 64),
        ("conv4", (84, 84, 3), [64] * 4, 1600),
        ("conv4-strided", (28, 28, 1), [64] * 4, 64),
        ("mlp", (28, 28, 1), [256, 128, 64, 64], 64),
        ("resnet12", (84, 84, 3), [64, 160, 320, 640], 640),
    ],
)
@pytest.mark.parametrize("family", FAMILIES)
def test_backbones_have_the_sizes_of_the_papers(
    name: str, shape: Shape, widths: list[int], features: int, family: str
) -> None:
    network = BACKBONES[name](shape, 64, FAMILIES[family])
    assert n_features(network, shape) == features
    outputs = [
        m.num_features for m in network.modules() if isinstance(m, nn.BatchNorm2d)
    ]
    assert sorted(set(outputs)) == sorted(set(widths))
    assert len(outputs) == (16 if name == "resnet12" else 4)
    linear = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    assert all(layer.bias is None for layer in linear)
    # Of the two families: running averages and a scale, or neither.
    own = [n for n, p in network.named_parameters() if p.requires_grad and p.ndim == 1]
    assert len(own) == len(outputs) * (2 if family == "running" else 1)
    assert len(list(network.buffers())) == (
        3 * len(outputs) if family == "running" else 0
    )
    epsilons = {m.eps for m in network.modules() if isinstance(m, nn.BatchNorm2d)}
    assert epsilons == {1e-5 if family == "running" else 1e-3}


def test_strided_maps_have_fourteen_seven_four_and_two_pixels() -> None:
    sides = []
    network = conv4_strided((28, 28, 1), 8)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(
                lambda _module, _inputs, maps: sides.append(maps.shape[2])
            )
    network(torch.zeros(2, 1, 28, 28))
    assert sides == [14, 7, 4, 2]


def test_glorots_weights_fill_their_range_and_shifts_are_zero() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(conv4((28, 28, 1), 64, batch_norm), nn.Linear(64, 5))
    initialise_glorot(network)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            weight = module.weight.detach()
            area = weight[0, 0].numel()
            bound = (6 / (area * (weight.shape[0] + weight.shape[1]))) ** 0.5
            assert 0.9 * bound < weight.abs().max() <= bound
            assert abs(float(weight.var()) / (bound**2 / 3) - 1) < 0.2
            assert module.bias is None or not module.bias.any()


def test_a_norm_of_mamls_sees_only_its_batch() -> None:
    norm, maps = batch_norm(2), torch.rand(3, 2, 4, 4)
    assert not norm.weight.requires_grad
    assert torch.equal(norm.weight, torch.ones(2))
    trained, tested = norm.train()(maps), norm.eval()(maps)
    torch.testing.assert_close(trained, tested)
    mean, variance = (
        maps.mean((0, 2, 3), keepdim=True),
        maps.var((0, 2, 3), correction=0, keepdim=True),
    )
    torch.testing.assert_close(tested, (maps - mean) / (variance + 1e-3).sqrt())
