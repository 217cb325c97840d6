import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.func import functional_call
from torch.nn import functional

from fewbench.baselines.gradient.taskwise import (
    Norms,
    TaskImages,
    layers_of,
    run,
    task_weights,
)
from fewbench.baselines.gradient.taskwise_functions import (
    Window,
    columns,
    norm_relu,
    product,
)
from fewbench.baselines.learner import BaselineError
from fewbench_tests.meta_tasks import NETWORKS, network

N_TASKS, N_IMAGES = 3, 4


def images_of(name: str) -> torch.Tensor:
    (height, width, channels), _ = NETWORKS[name]
    generator = torch.Generator().manual_seed(2)
    shape = (N_TASKS, N_IMAGES, channels, height, width)
    return torch.rand(shape, generator=generator, dtype=torch.float64)


def taskwise(images: torch.Tensor) -> TaskImages:
    return TaskImages(images.permute(0, 1, 3, 4, 2))


@pytest.mark.parametrize("graph", [True, False])
@pytest.mark.parametrize("name", NETWORKS)
def test_every_task_gets_what_the_module_gives(name: str, graph: bool) -> None:
    whole, images = network(name), images_of(name)
    layers = layers_of(whole)
    with torch.set_grad_enabled(graph):
        ours = run(layers, task_weights(layers, N_TASKS), taskwise(images))
    theirs = torch.stack([whole(one) for one in images])
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)


def test_every_task_may_have_weights_of_its_own() -> None:
    whole, images = network("conv4-strided"), images_of("conv4-strided")
    layers = layers_of(whole)
    weights = task_weights(layers, N_TASKS)
    factors = torch.tensor([1.0, 1.5, 0.5], dtype=torch.float64)[:, None, None]
    moved = {name: value * factors for name, value in weights.items()}
    ours = run(layers, moved, taskwise(images))
    for task in range(N_TASKS):
        own = {n: p * factors[task, 0, 0] for n, p in whole.named_parameters()}
        theirs = functional_call(whole, own, (images[task],))
        torch.testing.assert_close(ours[task], theirs, rtol=1e-10, atol=1e-12)


def test_given_and_single_statistics_make_images_independent_of_each_other() -> None:
    whole, images = network("conv4"), images_of("conv4")
    layers = layers_of(whole)
    weights = task_weights(layers, N_TASKS)
    record: list = []
    run(layers, weights, taskwise(images), Norms(record=record))
    for norms in (lambda: Norms(given=iter(record)), lambda: Norms(each_image=True)):
        together = run(layers, weights, taskwise(images), norms())
        alone = run(layers, weights, taskwise(images[:, :1]), norms())
        torch.testing.assert_close(together[:, :1], alone, rtol=1e-10, atol=1e-12)
    mixed = run(layers, weights, taskwise(images))
    with pytest.raises(AssertionError):
        torch.testing.assert_close(mixed[:, :1], alone)


def test_the_statistics_of_the_same_images_change_nothing() -> None:
    whole, images = network("conv4"), images_of("conv4")
    layers = layers_of(whole)
    weights = task_weights(layers, N_TASKS)
    record: list = []
    plain = run(layers, weights, taskwise(images), Norms(record=record))
    again = run(layers, weights, taskwise(images), Norms(given=iter(record)))
    torch.testing.assert_close(again, plain, rtol=1e-10, atol=1e-12)


def test_layers_without_a_rule_go_through_vmap() -> None:
    torch.manual_seed(0)
    own = nn.Sequential(
        *(
            nn.Conv2d(1, 4, 3, padding=1),
            nn.GroupNorm(2, 4),
            nn.GELU(),
            nn.AdaptiveAvgPool2d(3),
        ),
        *(nn.Flatten(), nn.LayerNorm(36), nn.Linear(36, 5)),
    ).double()
    images = images_of("conv4-strided")
    layers = layers_of(own)
    ours = run(layers, task_weights(layers, N_TASKS), taskwise(images))
    theirs = torch.stack([own(one) for one in images])
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)


class Hidden(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(1, track_running_stats=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(x)


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (Hidden(), "Hidden holds a batch norm.*--backend learn2learn"),
        (
            nn.BatchNorm2d(1, affine=False, track_running_stats=False),
            "with scale and shift",
        ),
        (nn.BatchNorm2d(1), "without running averages"),
        (nn.Conv2d(1, 2, 3), "square windows of odd size, padded by half"),
        (nn.Conv2d(1, 2, 2, padding=1), "square windows of odd size"),
        (nn.Conv2d(1, 2, 3, padding=1, dilation=2), "square windows"),
    ],
)
def test_what_would_be_wrong_is_refused(module: nn.Module, message: str) -> None:
    layers = layers_of(nn.Sequential(module).double())
    with pytest.raises(BaselineError, match=message):
        run(layers, task_weights(layers, N_TASKS), taskwise(images_of("conv4-strided")))


@given(
    st.integers(2, 9),
    st.integers(2, 9),
    st.sampled_from([1, 3, 5]),
    st.sampled_from([1, 2, 3]),
)
def test_columns_times_weights_are_a_convolution(
    height: int, width: int, size: int, stride: int
) -> None:
    generator = torch.Generator().manual_seed(height * 100 + width)
    maps = torch.rand(2, height, width, 3, generator=generator, dtype=torch.float64)
    kernel = torch.rand(4, 3, size, size, generator=generator, dtype=torch.float64)
    if (size, stride) == (1, 1):
        seen = columns(maps, Window(1, 1))
    else:
        seen = columns(maps, Window(size, stride))
    ours = seen @ kernel.permute(2, 3, 1, 0).reshape(-1, 4)
    theirs = functional.conv2d(
        maps.permute(0, 3, 1, 2), kernel, None, stride, size // 2
    )
    torch.testing.assert_close(ours.permute(0, 3, 1, 2), theirs)


def arguments(*shapes: tuple[int, ...]) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    return [
        torch.randn(shape, generator=generator, dtype=torch.float64, requires_grad=True)
        for shape in shapes
    ]


@pytest.mark.parametrize("relu", [True, False])
def test_both_derivatives_of_batch_norm(relu: bool) -> None:
    rows, scale, shift = arguments((2, 7, 3), (2, 1, 3), (2, 1, 3))

    def function(rows, scale, shift):
        return norm_relu(rows, scale, shift, 1e-3, relu)

    assert torch.autograd.gradcheck(function, (rows, scale, shift))
    assert torch.autograd.gradgradcheck(function, (rows, scale, shift))


@pytest.mark.parametrize(
    "window", [Window(3, 1), Window(3, 2), Window(5, 2), Window(1, 2)]
)
def test_both_derivatives_of_columns(window: Window) -> None:
    (maps,) = arguments((2, 5, 6, 2))
    assert torch.autograd.gradcheck(
        lambda maps: columns(maps, window).square(), (maps,)
    )
    assert torch.autograd.gradgradcheck(
        lambda maps: columns(maps, window).square(), (maps,)
    )


def test_both_derivatives_of_a_product() -> None:
    rows, weight = arguments((2, 4, 3), (2, 3, 5))
    assert torch.autograd.gradcheck(product, (rows, weight))
    assert torch.autograd.gradgradcheck(product, (rows, weight))


def test_batch_norm_of_a_constant_stays_finite() -> None:
    rows = torch.full((1, 6, 2), 0.3, requires_grad=True)
    scale, shift = torch.ones(1, 1, 2), torch.full((1, 1, 2), 0.5)
    result = norm_relu(rows, scale, shift, 1e-3, True)
    np.testing.assert_allclose(result.detach().numpy(), 0.5, atol=1e-6)
    (slope,) = torch.autograd.grad(result.sum(), rows, create_graph=True)
    assert bool(slope.isfinite().all())
