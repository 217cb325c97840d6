import pytest
import torch
from torch import nn

from fewbench.baselines.backbones import conv4
from fewbench.baselines.metric.folding import folded


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
    assert all(
        torch.equal(before[name], value) for name, value in network.state_dict().items()
    )


def test_networks_of_other_shapes_are_folded_where_it_is_safe() -> None:
    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.convolution, self.norm = (
                nn.Conv2d(1, 1, 3, padding=1),
                nn.BatchNorm2d(1),
            )

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + self.norm(self.convolution(x))

    torch.manual_seed(0)
    network = nn.Sequential(
        Residual(), nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten()
    )
    network(torch.rand(16, 1, 8, 8))
    images = torch.rand(4, 1, 8, 8)
    fast = folded(network)
    torch.testing.assert_close(
        fast(images), network.eval()(images), rtol=1e-4, atol=1e-5
    )
    assert isinstance(fast.get_submodule("0.norm"), nn.BatchNorm2d)
    assert isinstance(fast.get_submodule("2"), nn.Identity)


@pytest.mark.parametrize("track", [True, False])
def test_only_norms_with_running_averages_are_folded(track: bool) -> None:
    norm = nn.BatchNorm2d(2, track_running_stats=track)
    fast = folded(nn.Sequential(nn.Conv2d(1, 2, 3), norm))
    assert isinstance(fast[1], nn.Identity if track else nn.BatchNorm2d)  # pyright: ignore[reportIndexIssue]


def test_a_subclass_that_calls_its_children_otherwise_is_left_alone() -> None:
    class Reversed(nn.Sequential):
        def forward(self, input: torch.Tensor) -> torch.Tensor:
            return self[0](self[1](input))

    network = Reversed(nn.Conv2d(1, 1, 3), nn.BatchNorm2d(1))
    images = torch.rand(2, 1, 5, 5)
    fast = folded(network)
    torch.testing.assert_close(fast(images), network.eval()(images))


class Standardised(nn.Conv2d):
    """Computes its weights anew in each call, as weight standardisation does."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        weight = self.weight - self.weight.mean((1, 2, 3), keepdim=True)
        return nn.functional.conv2d(input, weight, self.bias)


def doubled(_module: nn.Module, images: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
    return (2 * images[0],)


def tripled(_module: nn.Module, _images: object, output: torch.Tensor) -> torch.Tensor:
    return 3 * output


@pytest.mark.parametrize(
    "kind", ["subclass", "hook on the weights", "hook on the norm"]
)
def test_weights_that_are_computed_anew_are_not_folded(kind: str) -> None:
    torch.manual_seed(0)
    convolution = nn.Conv2d(1, 3, 3)
    norm = nn.BatchNorm2d(3)
    nn.init.uniform_(norm.weight, 2, 3)
    if kind == "subclass":
        convolution = Standardised(1, 3, 3)
    if kind == "hook on the weights":
        convolution.register_forward_hook(tripled)
    if kind == "hook on the norm":
        norm.register_forward_pre_hook(doubled)  # pyright: ignore[reportArgumentType]
    network = nn.Sequential(convolution, norm).eval()
    images = torch.rand(2, 1, 8, 8)
    torch.testing.assert_close(folded(network)(images), network(images))
