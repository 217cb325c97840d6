"""Small tasks and networks for tests of gradient-based learners."""

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad
from torch.nn.functional import cross_entropy

from fewbench.baselines.backbones import (
    BACKBONES,
    Shape,
    batch_norm,
    initialise_glorot,
    n_features,
)
from fewbench.baselines.gradient.inner_loop import InnerLoop, Tasks, adapted_names

N_WAY = 5
# Small enough to be quick, large enough that every layer has something to do.
NETWORKS: dict[str, tuple[Shape, int]] = {
    "conv4": ((36, 36, 3), 8),
    "conv4-strided": ((28, 28, 1), 8),
    "mlp": ((12, 12, 1), 8),
    "resnet12": ((24, 24, 3), 4),
    "plain": ((16, 16, 3), 6),
}


def network(name: str, dtype: torch.dtype = torch.float64) -> nn.Sequential:
    """A network with a head for N_WAY classes; `plain` has biases and no batch norm."""
    shape, width = NETWORKS[name]
    torch.manual_seed(0)
    body = (
        plain(shape, width)
        if name == "plain"
        else BACKBONES[name](shape, width, batch_norm)
    )
    head = nn.Linear(n_features(body, shape), N_WAY)
    whole = nn.Sequential(OrderedDict(body=body, head=head))
    initialise_glorot(whole)
    return whole.to(dtype)


def plain(shape: Shape, width: int) -> nn.Sequential:
    return nn.Sequential(
        *(nn.Conv2d(shape[2], width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(width, width, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten()),
    )


def tasks(
    name: str, n_tasks: int = 3, n_query: int = 2, dtype: torch.dtype = torch.float64
):
    """Tasks of random images: classes mean nothing, derivatives do."""
    (height, width, channels), _ = NETWORKS[name]
    generator = torch.Generator().manual_seed(1)
    images = [
        torch.rand(
            n_tasks, n, channels, height, width, generator=generator, dtype=dtype
        )
        for n in (N_WAY, N_WAY * n_query)
    ]
    labels = torch.arange(N_WAY)
    return Tasks(
        images[0], labels, images[1], labels.repeat_interleave(n_query), 1 / n_tasks
    )


def inner_loop(
    whole: nn.Module, steps: int, kind: str = "maml", lr: float = 0.1
) -> InnerLoop:
    """`maml`, `fomaml`, `anil`, `multi-step` (a loss after each step), or `first-order ...`."""
    several = kind.endswith("multi-step")
    weights = (*[0.1] * (steps - 1), 1 - 0.1 * (steps - 1)) if several else None
    adapted = adapted_names(whole, head_only=kind.endswith("anil"))
    return InnerLoop(
        steps, lr, adapted, kind.startswith(("fomaml", "first-order")), weights
    )


def task_loss(whole: nn.Module, inner: InnerLoop, labels: tuple[Tensor, Tensor]):
    """One task's query loss by torch.func, as plainly as it can be written: of its weights, support
    and query images. For first order, detach the gradients."""

    def loss(weights: dict[str, Tensor], images: Tensor, labels: Tensor) -> Tensor:
        return cross_entropy(functional_call(whole, weights, (images,)), labels)

    def after_adapting(
        start: dict[str, Tensor], support: Tensor, query: Tensor
    ) -> Tensor:
        weights, total = dict(start), torch.zeros(())
        for weight in inner.weight_of_step:
            moving = {name: weights[name] for name in inner.adapted}
            rest = {
                name: value for name, value in weights.items() if name not in moving
            }
            slopes = grad(lambda own, rest=rest: loss(rest | own, support, labels[0]))(
                moving
            )
            for name, slope in slopes.items():
                slope = slope.detach() if inner.first_order else slope
                weights[name] = weights[name] - inner.lr * slope
            if weight:
                total = total + weight * loss(weights, query, labels[1])
        return total

    return after_adapting
