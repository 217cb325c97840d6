import pytest
import torch
from torch import nn
from torch.nn import functional

from fewbench.baselines.gradient.taskwise import layers_of, run, task_weights
from fewbench.baselines.gradient.taskwise_functions import Window
from fewbench.baselines.gradient.taskwise_layers import RULES, laid_out, window_of
from fewbench.baselines.learner import BaselineError
from fewbench_tests.task_images import N_TASKS, images_of, taskwise_images


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
    ours = run(layers, task_weights(layers, N_TASKS), taskwise_images(images))
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
            "expected a scale, a shift.*--backend learn2learn",
        ),
        (nn.BatchNorm2d(1), "no running averages"),
        (nn.Conv2d(1, 2, 3), "expected a square window of odd size, padded by half"),
        (nn.Conv2d(1, 2, 2, padding=1), "expected a square window of odd size"),
        (nn.Conv2d(1, 2, 3, padding=1, dilation=2), "expected a square window"),
    ],
)
def test_what_would_be_wrong_is_refused(module: nn.Module, message: str) -> None:
    layers = layers_of(nn.Sequential(module).double())
    with pytest.raises(BaselineError, match=message):
        run(
            layers,
            task_weights(layers, N_TASKS),
            taskwise_images(images_of("conv4-strided")),
        )


@pytest.mark.parametrize(
    ("module", "window"),
    [
        (nn.Conv2d(1, 2, 3, padding=1), Window(3, 1)),
        (nn.Conv2d(1, 2, 5, stride=2, padding=2), Window(5, 2)),
        (nn.Conv2d(4, 2, 1), Window(1, 1)),
    ],
)
def test_windows_are_read_from_convolutions(module: nn.Conv2d, window: Window) -> None:
    assert window_of(module) == window


def test_parameters_are_laid_out_as_rules_take_them() -> None:
    convolution = nn.Conv2d(2, 5, 3, padding=1)
    assert laid_out(convolution, convolution.weight).shape == (18, 5)
    linear = nn.Linear(4, 7)
    assert torch.equal(laid_out(linear, linear.weight), linear.weight.T)
    assert laid_out(linear, linear.bias).shape == (1, 7)
    norm = nn.GroupNorm(2, 4)  # has no rule, so it keeps its layout
    assert laid_out(norm, norm.weight).shape == (4,)


@pytest.mark.parametrize("graph", [True, False])
def test_a_convolution_of_every_task_is_torchs(graph: bool) -> None:
    torch.manual_seed(0)
    module = nn.Conv2d(3, 5, 3, stride=2, padding=1).double()
    maps = torch.rand(N_TASKS, 2, 7, 6, 3, dtype=torch.float64)
    weights = task_weights(layers_of(module), N_TASKS)
    with torch.set_grad_enabled(graph):
        ours = RULES[nn.Conv2d](module, "", weights, maps)
    for task in range(N_TASKS):
        theirs = functional.conv2d(
            maps[task].permute(0, 3, 1, 2), module.weight, module.bias, 2, 1
        )
        torch.testing.assert_close(ours[task], theirs.permute(0, 2, 3, 1))
