"""The native engine against torch.func, differences of the loss, and itself."""

import gc

import pytest
import torch
from torch import nn

from fewbench.baselines.gradient.inner_loop import Tasks
from fewbench.baselines.gradient.native_engine import NativeEngine
from fewbench_tests.meta_gradients import LOOPS, Loop, distance, gradient, pairs_of
from fewbench_tests.meta_tasks import NETWORKS, inner_loop, network, task_loss, tasks


@pytest.mark.parametrize(
    ("name", "loop"),
    # Every network and every loop; test_engines.py has all pairs, against the libraries.
    [(name, loop) for _, name, loop in pairs_of(list(NETWORKS), LOOPS, [""])[::2]],
)
def test_the_meta_gradient_is_that_of_torch_func(name: str, loop: Loop) -> None:
    """Needs no other library: each task on its own, differentiated as it is written."""
    kind, steps = loop
    whole, batch = network(name), tasks(name)
    inner = inner_loop(whole, steps, kind)
    losses, ours = gradient(NativeEngine(whole), whole, batch, inner)
    whole.zero_grad(set_to_none=True)
    of_task = task_loss(whole, inner, (batch.support_labels, batch.query_labels))
    start: dict[str, torch.Tensor] = dict(whole.named_parameters())
    pairs = zip(batch.support, batch.query, strict=True)
    expected = torch.stack([batch.share * of_task(start, *pair) for pair in pairs])
    expected.sum().backward()
    theirs = torch.cat(
        [p.grad.flatten() for p in whole.parameters() if p.grad is not None]
    )
    assert distance(losses, expected.detach()) < 1e-12
    assert distance(ours, theirs) < 1e-9


def test_second_order_is_not_first_order() -> None:
    """Or the tests above would compare nothing."""
    whole, batch = network("conv4-strided"), tasks("conv4-strided")
    second, first = (
        gradient(NativeEngine(whole), whole, batch, inner_loop(whole, 2, kind))[1]
        for kind in ("maml", "fomaml")
    )
    assert distance(first, second) > 0.05


def test_the_gradient_is_the_losss_slope() -> None:
    """Against differences of the loss, along a direction; smooth, so without ReLU and pooling."""
    torch.manual_seed(0)
    whole = nn.Sequential()
    whole.add_module(
        "body", nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.Tanh(), nn.Flatten())
    )
    whole.add_module("head", nn.Linear(4 * 28 * 28, 5))
    whole = whole.double()
    batch, inner = tasks("conv4-strided"), inner_loop(whole, 3)
    engine = NativeEngine(whole)
    _, slope = gradient(engine, whole, batch, inner)
    direction = torch.randn_like(slope)

    def loss_at(distance: float) -> float:
        with torch.no_grad():
            start = 0
            for parameter in whole.parameters():
                end = start + parameter.numel()
                parameter += distance * direction[start:end].view_as(parameter)
                start = end
        return float(engine.backward(batch, inner).sum())

    step = 1e-6
    higher = loss_at(step)
    lower = loss_at(-2 * step)
    assert abs((higher - lower) / (2 * step) / float(slope @ direction) - 1) < 1e-6


@pytest.mark.parametrize("size", [1, 2])
def test_chunks_of_tasks_add_up_to_the_same_gradient(size: int) -> None:
    whole, batch = network("conv4"), tasks("conv4")
    inner, engine = inner_loop(whole, 2), NativeEngine(whole)
    together = gradient(engine, whole, batch, inner)[1]
    whole.zero_grad(set_to_none=True)
    for first in range(0, len(batch), size):
        here = slice(first, first + size)
        labels = batch.support_labels, batch.query_labels
        part = Tasks(
            batch.support[here],
            labels[0],
            batch.query[here],
            labels[1],
            share=batch.share,
        )
        engine.backward(part, inner)
    parts = torch.cat(
        [p.grad.flatten() for p in whole.parameters() if p.grad is not None]
    )
    assert distance(parts, together) < 1e-12


def test_tasks_do_not_see_each_other() -> None:
    whole, batch = network("conv4-strided"), tasks("conv4-strided")
    inner, engine = inner_loop(whole, 2), NativeEngine(whole)
    alone = Tasks(
        batch.support[:1],
        batch.support_labels,
        batch.query[:1],
        batch.query_labels,
        batch.share,
    )
    both = engine.logits(batch, inner, "query")[:1]
    torch.testing.assert_close(
        engine.logits(alone, inner, "query"), both, rtol=1e-12, atol=1e-12
    )


def test_half_precision_gives_nearly_the_same_gradient() -> None:
    """Without batch norm: the statistics of five images turn bfloat16's rounding into much more,
    through every backend alike."""
    whole, batch = network("plain", torch.float32), tasks("plain", dtype=torch.float32)
    inner, engine = inner_loop(whole, 1), NativeEngine(whole)
    full = gradient(engine, whole, batch, inner)[1]
    with torch.autocast("cpu", torch.bfloat16):
        half = gradient(engine, whole, batch, inner)[1]
    assert half.dtype == torch.float32
    assert 0 < distance(half, full) < 0.1


def test_a_meta_step_leaves_no_graph_behind() -> None:
    """Long runs of all engines are in tests/heavy/test_engine_memory.py."""
    whole, batch = network("mlp"), tasks("mlp")
    engine, inner = NativeEngine(whole), inner_loop(whole, 2)
    engine.backward(batch, inner)
    gc.collect()
    before = n_tensors()
    for _ in range(5):
        engine.backward(batch, inner)
    gc.collect()
    assert n_tensors() == before


def n_tensors() -> int:
    return sum(issubclass(type(thing), torch.Tensor) for thing in gc.get_objects())
