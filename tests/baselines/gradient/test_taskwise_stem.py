import torch
from torch import nn

from fewbench.baselines.backbones import batch_norm
from fewbench.baselines.gradient.taskwise import layers_of, task_weights
from fewbench.baselines.gradient.taskwise_stem import TaskImages, has_stem, run_stem


def images(channels: int) -> TaskImages:
    generator = torch.Generator().manual_seed(0)
    shape = (3, 4, 6, 5, channels)
    return TaskImages(torch.rand(shape, generator=generator, dtype=torch.float64))


def stem(channels: int, bias: bool = False) -> nn.Sequential:
    torch.manual_seed(0)
    convolution = nn.Conv2d(channels, 7, 3, padding=1, bias=bias)
    return nn.Sequential(convolution, batch_norm(7)).double()


def test_one_product_gives_convolution_and_norm_of_every_task() -> None:
    network, given = stem(3), images(3)
    layers = layers_of(network)
    assert has_stem(layers, given)
    ours = run_stem(layers, task_weights(layers, 3), given)
    for task in range(3):
        theirs = network(given.values[task].permute(0, 3, 1, 2))
        torch.testing.assert_close(
            ours[task], theirs.permute(0, 2, 3, 1), rtol=1e-10, atol=1e-12
        )


def test_what_the_window_sees_is_kept_for_the_next_inner_step() -> None:
    given = images(3)
    layers = layers_of(stem(3))
    weights = task_weights(layers, 3)
    first = run_stem(layers, weights, given)
    (kept,) = given.stems.values()
    assert torch.equal(run_stem(layers, weights, given), first)
    assert list(given.stems.values()) == [kept]


def test_other_first_layers_have_no_stem() -> None:
    assert not has_stem(layers_of(stem(3, bias=True)), images(3))
    # Four channels under 3 x 3 pixels are more than 32 columns.
    assert not has_stem(layers_of(stem(4)), images(4))
    assert not has_stem(layers_of(stem(3))[:1], images(3))
    assert not has_stem([], images(3))
    with_gradient = TaskImages(images(3).values.requires_grad_())
    assert not has_stem(layers_of(stem(3)), with_gradient)
