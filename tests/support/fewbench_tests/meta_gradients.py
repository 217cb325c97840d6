"""Meta-gradients of engines as vectors, for tests that compare them."""

from collections.abc import Sequence

import torch
from torch import nn

from fewbench.baselines.gradient.inner_loop import Engine, InnerLoop, Tasks

# The kind of an inner loop, and its number of steps.
Loop = tuple[str, int]
# The inner loops that engines are compared on: kind and number of steps.
LOOPS: list[Loop] = [
    ("maml", 1),
    ("maml", 5),
    ("fomaml", 1),
    ("fomaml", 5),
    ("anil", 1),
    ("anil", 5),
    ("multi-step", 3),
    ("first-order multi-step", 3),
    ("first-order anil", 2),
]


def pairs_of(
    networks: Sequence[str], loops: Sequence[Loop], libraries: Sequence[str]
) -> list[tuple[str, str, Loop]]:
    """Every network with every loop, and each of the two with every library: in turn."""
    pairs = []
    for i, network in enumerate(networks):
        for j, loop in enumerate(loops):
            pairs.append((libraries[(i + j) % len(libraries)], network, loop))
    return pairs


def gradient(engine: Engine, whole: nn.Module, batch: Tasks, inner: InnerLoop):
    """The losses and the meta-gradient as one vector."""
    whole.zero_grad(set_to_none=True)
    losses = engine.backward(batch, inner)
    trained = [parameter for parameter in whole.parameters() if parameter.requires_grad]
    assert all(parameter.grad is not None for parameter in trained)
    return losses, torch.cat([p.grad.flatten() for p in trained if p.grad is not None])


def distance(a: torch.Tensor, b: torch.Tensor) -> float:
    return float((a - b).norm() / b.norm())


def arguments(*shapes: tuple[int, ...]) -> list[torch.Tensor]:
    """Random arguments for gradcheck, one of each shape."""
    generator = torch.Generator().manual_seed(3)
    return [
        torch.randn(shape, generator=generator, dtype=torch.float64, requires_grad=True)
        for shape in shapes
    ]
