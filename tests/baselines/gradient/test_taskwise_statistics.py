import pytest
import torch
from torch import nn

from fewbench.baselines.gradient.taskwise import layers_of, run, task_weights
from fewbench.baselines.gradient.taskwise_statistics import Norms, normalise
from fewbench_tests.meta_tasks import network
from fewbench_tests.task_images import N_TASKS, images_of, taskwise_images


def test_given_and_single_statistics_make_images_independent_of_each_other() -> None:
    whole, images = network("conv4"), images_of("conv4")
    layers = layers_of(whole)
    weights = task_weights(layers, N_TASKS)
    record: list = []
    run(layers, weights, taskwise_images(images), Norms(record=record))
    for norms in (lambda: Norms(given=iter(record)), lambda: Norms(each_image=True)):
        together = run(layers, weights, taskwise_images(images), norms())
        alone = run(layers, weights, taskwise_images(images[:, :1]), norms())
        torch.testing.assert_close(together[:, :1], alone, rtol=1e-10, atol=1e-12)
    mixed = run(layers, weights, taskwise_images(images))
    with pytest.raises(AssertionError):
        torch.testing.assert_close(mixed[:, :1], alone)


def test_the_statistics_of_the_same_images_change_nothing() -> None:
    whole, images = network("conv4"), images_of("conv4")
    layers = layers_of(whole)
    weights = task_weights(layers, N_TASKS)
    record: list = []
    plain = run(layers, weights, taskwise_images(images), Norms(record=record))
    again = run(layers, weights, taskwise_images(images), Norms(given=iter(record)))
    torch.testing.assert_close(again, plain, rtol=1e-10, atol=1e-12)


def test_norms_are_plain_unless_something_is_asked_for() -> None:
    assert Norms().plain
    assert not Norms(each_image=True).plain
    assert not Norms(given=iter([])).plain
    assert not Norms(record=[]).plain


@pytest.mark.parametrize("relu", [True, False])
def test_given_moments_are_used_and_own_ones_recorded(relu: bool) -> None:
    norm = nn.BatchNorm2d(1, eps=0.0, track_running_stats=False)
    weights = {"weight": torch.full((1, 1, 1), 2.0), "bias": torch.ones(1, 1, 1)}
    maps = torch.tensor([-1.0, 1.0]).reshape(1, 2, 1, 1, 1)
    given = iter([(torch.tensor([[[1.0]]]), torch.tensor([[[4.0]]]))])
    record: list = []
    norms = Norms(given=given, record=record)
    result = normalise(norm, "", weights, maps, norms, relu)
    # (value - 1) / 2 * 2 + 1 is the value itself.
    expected = [0.0, 1.0] if relu else [-1.0, 1.0]
    assert result.flatten().tolist() == expected
    (mean, variance), *others = record
    assert (float(mean), float(variance), others) == (0.0, 1.0, [])
