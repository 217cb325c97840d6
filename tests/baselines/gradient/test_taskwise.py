import pytest
import torch
from torch import nn
from torch.func import functional_call

from fewbench.baselines.backbones import batch_norm, resnet12
from fewbench.baselines.gradient.taskwise import layers_of, run, task_weights
from fewbench_tests.meta_tasks import NETWORKS, network
from fewbench_tests.task_images import N_TASKS, images_of, taskwise_images


@pytest.mark.parametrize("graph", [True, False])
@pytest.mark.parametrize("name", NETWORKS)
def test_every_task_gets_what_the_module_gives(name: str, graph: bool) -> None:
    whole, images = network(name), images_of(name)
    layers = layers_of(whole)
    with torch.set_grad_enabled(graph):
        ours = run(layers, task_weights(layers, N_TASKS), taskwise_images(images))
    theirs = torch.stack([whole(one) for one in images])
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)


def test_every_task_may_have_weights_of_its_own() -> None:
    whole, images = network("conv4-strided"), images_of("conv4-strided")
    layers = layers_of(whole)
    weights = task_weights(layers, N_TASKS)
    factors = torch.tensor([1.0, 1.5, 0.5], dtype=torch.float64)[:, None, None]
    moved = {name: value * factors for name, value in weights.items()}
    ours = run(layers, moved, taskwise_images(images))
    for task in range(N_TASKS):
        own = {n: p * factors[task, 0, 0] for n, p in whole.named_parameters()}
        theirs = functional_call(whole, own, (images[task],))
        torch.testing.assert_close(ours[task], theirs, rtol=1e-10, atol=1e-12)


def test_layers_come_in_the_order_of_their_calls_with_their_prefixes() -> None:
    inner = nn.Sequential(nn.ReLU(), nn.Linear(2, 3))
    layers = layers_of(nn.Sequential(nn.Flatten(), inner))
    assert [layer.prefix for layer in layers] == ["0.", "1.0.", "1.1."]
    assert [type(layer.module) for layer in layers] == [nn.Flatten, nn.ReLU, nn.Linear]


def test_weights_are_views_that_gradients_flow_through() -> None:
    whole = resnet12((16, 16, 3), 2, batch_norm)
    weights = task_weights(layers_of(whole), 2)
    assert weights.keys() == dict(whole.named_parameters()).keys()
    name = "0.0.shortcut.0.weight"
    assert weights[name].shape == (2, 3, 2)
    parameter = whole.get_parameter(name)
    assert weights[name].data_ptr() == parameter.data_ptr()
    weights[name].sum().backward()
    assert parameter.grad is not None
    assert float(parameter.grad.sum()) == 2 * parameter.numel()
