import torch
from torch import nn

from fewbench.baselines.optimizer_state import (
    load_moments,
    moments,
    trained_parameters,
    weights_of,
)


def trained() -> tuple[nn.Module, torch.optim.Adam]:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(4, 2))
    network = network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    adam = torch.optim.Adam(network.parameters(), 1e-2)
    for _ in range(3):
        adam.zero_grad()
        network(torch.rand(8, 1, 3, 3)).square().sum().backward()
        adam.step()
    return network, adam


def test_moments_come_back_bit_by_bit_and_in_the_layout_of_their_parameters() -> None:
    network, adam = trained()
    parameters = dict(network.named_parameters())
    saved = moments(adam, parameters)
    assert set(saved) == {
        f"adam/{name}/{key}"
        for name in parameters
        for key in ("step", "exp_avg", "exp_avg_sq")
    }
    # As a checkpoint stores them.
    stored = {name: value.contiguous().clone() for name, value in saved.items()}
    other = torch.optim.Adam(network.parameters(), 1e-2)
    load_moments(other, parameters, stored | {"0.weight": torch.zeros(1)})
    for name, parameter in parameters.items():
        state = other.state[parameter]
        assert torch.equal(state["step"], saved[f"adam/{name}/step"])
        assert torch.equal(state["exp_avg"], saved[f"adam/{name}/exp_avg"])
        assert state["exp_avg_sq"].stride() == parameter.stride()


def test_weights_are_told_from_moments() -> None:
    tensors = {"0.weight": torch.ones(1), "adam/0.weight/step": torch.ones(1)}
    assert list(weights_of(tensors)) == ["0.weight"]


def test_only_what_needs_a_gradient_is_trained() -> None:
    network = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    network[0].requires_grad_(False)
    assert list(trained_parameters(network)) == ["1.weight", "1.bias"]
