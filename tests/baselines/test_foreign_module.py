import threading
import warnings
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune

from fewbench.baselines.foreign_module import ForeignModule, unwrapped
from fewbench.baselines.learner import BaselineError

CPU = torch.device("cpu")
IMAGES = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0)).contiguous(
    memory_format=torch.channels_last
)


def norm() -> nn.BatchNorm2d:
    layer = nn.BatchNorm2d(3)
    nn.init.uniform_(layer.weight, -2, 3)
    nn.init.uniform_(layer.running_mean, -1, 1)  # pyright: ignore[reportArgumentType]
    return layer


def network(convolution: nn.Module | None = None) -> nn.Sequential:
    return nn.Sequential(convolution or nn.Conv2d(3, 3, 3), norm(), nn.Flatten())


def called(module: nn.Module, images: torch.Tensor = IMAGES) -> torch.Tensor:
    """The features after all that an encoder learner does."""
    with torch.inference_mode():
        foreign = ForeignModule(module, CPU, images[:2])
        foreign.make_faster(images[:2], foreign)  # pyright: ignore[reportArgumentType]
        return foreign(images)  # pyright: ignore[reportReturnType]


class Standardised(nn.Conv2d):
    """Computes its weights anew in each call, as weight standardisation does."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        weight = self.weight - self.weight.mean((1, 2, 3), keepdim=True)
        weight = weight / weight.std((1, 2, 3), keepdim=True)
        return nn.functional.conv2d(input, weight, self.bias)


class Taps(nn.Module):
    """Calls a part of an nn.Sequential alone."""

    def __init__(self) -> None:
        super().__init__()
        self.block = network()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.block[0](images).flatten(1), self.block(images)], 1)


class View(nn.Module):
    """Flattens in a way that fails for images that are channels-last in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 3, 3)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.layer(images).view(len(images), -1)


def hooked() -> nn.Module:
    module = network()
    module[1].register_forward_hook(lambda *arguments: 2 * arguments[2])
    return module


def pruned() -> nn.Module:
    return network(prune.l1_unstructured(nn.Conv2d(3, 3, 3), "weight", 0.5))


def weight_normed() -> nn.Module:
    return network(parametrizations.weight_norm(nn.Conv2d(3, 3, 3)))


@pytest.mark.parametrize(
    "make",
    [
        network,
        lambda: network(Standardised(3, 3, 3)),
        Taps,
        View,
        hooked,
        pruned,
        weight_normed,
    ],
    ids=["plain", "standardised", "taps", "view", "hook", "pruned", "weight_norm"],
)
def test_no_module_gets_other_features_for_speed(make: Callable[[], nn.Module]) -> None:
    torch.manual_seed(0)
    module = make().eval()
    expected = module(IMAGES.contiguous()).detach()
    torch.testing.assert_close(called(module), expected)


@pytest.mark.parametrize(
    ("dtype", "precision"),
    [
        (torch.float16, "fp16"),
        (torch.bfloat16, "bf16"),
        (torch.float32, "fp32"),
        (torch.float64, "fp64"),
    ],
)
def test_weights_of_any_format_get_images_of_that_format(
    dtype: torch.dtype, precision: str
) -> None:
    torch.manual_seed(0)
    module = network().eval()
    expected = module(IMAGES).detach()
    foreign = ForeignModule(module.to(dtype), CPU, IMAGES)
    assert foreign.precision == precision
    tolerance = 0.05 if dtype.itemsize == 2 else 1e-5
    got = foreign(IMAGES)
    assert isinstance(got, torch.Tensor)
    torch.testing.assert_close(got.float(), expected, rtol=tolerance, atol=tolerance)


def scripted(module: nn.Module) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.script(module)


def traced(module: nn.Module) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.trace(module.eval(), IMAGES)  # pyright: ignore[reportReturnType]


def exported(module: nn.Module) -> nn.Module:
    """For batches of 4 images alone."""
    images = torch.rand(4, 3, 8, 8)
    return torch.export.export(module.eval(), (images,)).module()


@pytest.mark.parametrize("wrap", [scripted, traced, exported, nn.DataParallel])
def test_wrapped_modules_compute_the_same(
    wrap: Callable[[nn.Module], nn.Module],
) -> None:
    torch.manual_seed(0)
    module = network().eval()
    images = torch.rand(11, 3, 8, 8)
    expected = module(images).detach()
    torch.testing.assert_close(called(wrap(module), images), expected)


def test_a_compiled_module_and_a_parallel_one_are_unwrapped() -> None:
    module = nn.Flatten()
    assert unwrapped(nn.DataParallel(module)) is module
    compiled = nn.Flatten()
    compiled._orig_mod = module  # as torch.compile does, which takes seconds to load
    assert unwrapped(compiled) is module
    assert unwrapped(module) is module


def test_a_module_in_training_mode_is_called_in_eval_mode_and_left_alone() -> None:
    module = nn.Sequential(network(), nn.Dropout(0.5)).train()
    module[0].eval()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    torch.testing.assert_close(called(module), called(module))
    assert (module.training, module[0].training, module[1].training) == (
        True,
        False,
        True,
    )
    for name, value in module.state_dict().items():
        assert value.equal(before[name])


def test_a_module_that_cannot_be_copied_keeps_its_modes() -> None:
    module = nn.Sequential(nn.Flatten(), nn.Dropout(0.5)).train()
    module.lock = threading.Lock()  # pyright: ignore[reportArgumentType]
    torch.testing.assert_close(called(module), IMAGES.flatten(1))
    assert module.training
    assert module[1].training


def test_a_lazy_module_gets_the_same_weights_each_time() -> None:
    module = nn.Sequential(nn.LazyConv2d(4, 3), nn.Flatten())
    state = torch.get_rng_state()
    first = called(module)
    assert torch.get_rng_state().equal(state)
    torch.rand(1)
    assert called(module).equal(first)
    assert module[0].has_uninitialized_params()  # pyright: ignore[reportCallIssue]


def test_a_module_that_fails_gets_a_sentence() -> None:
    with pytest.raises(
        BaselineError, match=r"shape \(2, 3, 8, 8\): RuntimeError: .*to have 1 chan"
    ) as failed:
        ForeignModule(nn.Conv2d(1, 4, 3), CPU, IMAGES)
    assert "\n" not in str(failed.value)
    assert isinstance(failed.value.__cause__, RuntimeError)
