"""Three engines, one gradient: native, learn2learn and higher agree in float64."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from fewbench.baselines.gradient.higher_engine import HigherEngine
from fewbench.baselines.gradient.inner_loop import Engine, InnerLoop, Tasks
from fewbench.baselines.gradient.learn2learn_engine import Learn2LearnEngine
from fewbench.baselines.gradient.native_engine import NativeEngine
from fewbench_tests.meta_tasks import NETWORKS, inner_loop, network, task_loss, tasks
from fewbench_tests.paths import SUPPORT

LIBRARIES = {"learn2learn": Learn2LearnEngine, "higher": HigherEngine}
LOOPS = [
    ("maml", 1),
    ("maml", 5),
    ("fomaml", 1),
    ("fomaml", 5),
    ("anil", 1),
    ("anil", 5),
]
LOOPS += [("multi-step", 3), ("first-order multi-step", 3), ("first-order anil", 2)]


@pytest.fixture(params=LIBRARIES)
def library(request: pytest.FixtureRequest):
    pytest.importorskip(request.param, reason=f"{request.param} is not installed")
    return LIBRARIES[request.param]


def gradient(engine: Engine, whole: nn.Module, batch: Tasks, inner: InnerLoop):
    """The losses and the meta-gradient as one vector."""
    whole.zero_grad(set_to_none=True)
    losses = engine.backward(batch, inner)
    trained = [parameter for parameter in whole.parameters() if parameter.requires_grad]
    assert all(parameter.grad is not None for parameter in trained)
    return losses, torch.cat([p.grad.flatten() for p in trained if p.grad is not None])


def distance(a: torch.Tensor, b: torch.Tensor) -> float:
    return float((a - b).norm() / b.norm())


@pytest.mark.parametrize(("kind", "steps"), LOOPS)
@pytest.mark.parametrize("name", NETWORKS)
def test_meta_gradients_agree(library, name: str, kind: str, steps: int) -> None:
    whole, batch = network(name), tasks(name)
    inner = inner_loop(whole, steps, kind)
    ours = gradient(NativeEngine(whole), whole, batch, inner)
    theirs = gradient(library(whole), whole, batch, inner)
    assert distance(ours[0], theirs[0]) < 1e-12
    assert distance(ours[1], theirs[1]) < 1e-9


@pytest.mark.parametrize(("kind", "steps"), LOOPS)
@pytest.mark.parametrize("name", NETWORKS)
def test_the_meta_gradient_is_that_of_torch_func(
    name: str, kind: str, steps: int
) -> None:
    """Needs no other library: each task on its own, differentiated as it is written."""
    whole, batch = network(name), tasks(name)
    inner = inner_loop(whole, steps, kind)
    losses, ours = gradient(NativeEngine(whole), whole, batch, inner)
    whole.zero_grad(set_to_none=True)
    of_task = task_loss(whole, inner, (batch.support_labels, batch.query_labels))
    start = dict(whole.named_parameters())
    pairs = zip(batch.support, batch.query, strict=True)
    expected = torch.stack([batch.share * of_task(start, *pair) for pair in pairs])
    expected.sum().backward()
    theirs = torch.cat(
        [p.grad.flatten() for p in whole.parameters() if p.grad is not None]
    )
    assert distance(losses, expected.detach()) < 1e-12
    assert distance(ours, theirs) < 1e-9


@pytest.mark.parametrize("statistics", ["query", "support", "image"])
@pytest.mark.parametrize(("kind", "steps"), [("maml", 1), ("maml", 5), ("anil", 3)])
@pytest.mark.parametrize("name", NETWORKS)
def test_adapted_logits_agree(
    library, name: str, kind: str, steps: int, statistics
) -> None:
    whole, batch = network(name), tasks(name)
    inner = inner_loop(whole, steps, kind)
    ours = NativeEngine(whole).logits(batch, inner, statistics)
    theirs = library(whole).logits(batch, inner, statistics)
    assert not ours.requires_grad
    assert not theirs.requires_grad
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


LONG_RUN = """
import sys
sys.path.insert(0, {support!r})
import torch
from fewbench_tests.meta_tasks import inner_loop, network, tasks
from fewbench.baselines.gradient.{module} import {engine}

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

whole = network("conv4-strided", torch.float32)
batch = tasks("conv4-strided", n_tasks=1, dtype=torch.float32)
engine, inner = {engine}(whole), inner_loop(whole, 2)
adam = torch.optim.Adam(whole.parameters(), 1e-3)
for step in range(260):
    if step == 60:
        before = resident()
    adam.zero_grad()
    engine.backward(batch, inner)
    adam.step()
print(resident() - before)
"""


@pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="resident memory: Linux only"
)
@pytest.mark.parametrize(
    ("module", "engine"),
    [
        ("native_engine", "NativeEngine"),
        ("learn2learn_engine", "Learn2LearnEngine"),
        ("higher_engine", "HigherEngine"),
    ],
)
def test_two_hundred_meta_steps_leave_no_memory_behind(
    module: str, engine: str
) -> None:
    """A graph that stays would be 1 MB a step, 200 MB in all."""
    if module != "native_engine":
        name = module.removesuffix("_engine")
        pytest.importorskip(name, reason=f"{name} is not installed")
    support = str(SUPPORT)
    code = LONG_RUN.format(support=support, module=module, engine=engine)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) < 8 * 2**20
