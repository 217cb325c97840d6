"""What a gradient-based learner does with a task, whichever library does it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.modules.batchnorm import _BatchNorm

from .taskwise_functions import widened

Statistics = Literal["query", "support", "image"]


@dataclass(frozen=True, eq=False)
class Tasks:
    """Support and query images of many tasks, with their labels.

    support: float32 (n_tasks, n_support, C, H, W) in 0..1; query: (n_tasks, n_query, C, H, W)
    support_labels: int64 (n_support,) and query_labels: int64 (n_query,), the same for every task
    share: of each task in the training loss
    """

    support: Tensor
    support_labels: Tensor
    query: Tensor
    query_labels: Tensor
    share: float = 1.0

    def __len__(self) -> int:
        return len(self.support)


@dataclass(frozen=True)
class InnerLoop:
    """Gradient descent on the mean cross-entropy of the support images.

    adapted: names of the parameters that move; the others are the same for every task
    step_weights: of the query loss after each step (MAML++); None: after the last step alone
    """

    steps: int
    lr: float
    adapted: frozenset[str]
    first_order: bool = False
    step_weights: tuple[float, ...] | None = None

    @property
    def weight_of_step(self) -> tuple[float, ...]:
        """Weight of the query loss after each step; they sum to one."""
        return self.step_weights or (*[0.0] * (self.steps - 1), 1.0)


class Engine(Protocol):
    """One library's way to run inner loops on a network."""

    def backward(self, tasks: Tasks, inner: InnerLoop) -> Tensor:
        """Add the gradient of the query losses, times `share`, to the network's; what was summed.

        Returns float (n_tasks,).
        """
        ...

    def logits(self, tasks: Tasks, inner: InnerLoop, statistics: Statistics) -> Tensor:
        """Adapt, then score the query images: (n_tasks, n_query, n_way), without a graph."""
        ...


def adapted_names(
    network: nn.Module, head_only: bool, prefix: str = "head."
) -> frozenset[str]:
    """Names of the parameters that the inner loop moves: all but batch norm's, or the head's.

    The authors' shifts of batch norm are learned across tasks, but not moved within one
    (cbfinn/maml keeps them out of the weights that it adapts).
    """
    norms = {
        name
        for name, module in network.named_modules()
        if isinstance(module, _BatchNorm)
    }
    return frozenset(
        name
        for name, parameter in network.named_parameters()
        if parameter.requires_grad
        and name.rpartition(".")[0] not in norms
        and (not head_only or name.startswith(prefix))
    )


def query_logits(
    network: nn.Module,
    weights: dict[str, Tensor],
    tasks: Tasks,
    task: int,
    statistics: Statistics,
) -> Tensor:
    """Scores of one task's query images under its adapted weights: (n_query, n_way)

    statistics: whose statistics normalise the query images: those of all query images together
        (transductive), of the support images, or of each query image alone
    """
    moments: list[tuple[Tensor, Tensor]] = []

    def record(norm: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
        del norm, output
        moments.append(_moments(inputs[0], [0, 2, 3]))

    def replace(norm: _BatchNorm, inputs: tuple[Tensor], output: Tensor) -> Tensor:
        del output
        mean, variance = moments.pop(0) if moments else _moments(inputs[0], [2, 3])
        slope = norm.weight[:, None, None] * torch.rsqrt(variance + norm.eps)
        return (inputs[0] - mean) * slope + norm.bias[:, None, None]

    if statistics == "support":
        with _hooked(network, record):
            functional_call(network, weights, (tasks.support[task],))
    with _hooked(network, replace if statistics != "query" else None):
        return functional_call(network, weights, (tasks.query[task],))


def _moments(maps: Tensor, dims: list[int]) -> tuple[Tensor, Tensor]:
    variance, mean = torch.var_mean(widened(maps), dims, correction=0, keepdim=True)
    return mean, variance


@contextmanager
def _hooked(network: nn.Module, hook: Callable[..., Any] | None) -> Iterator[None]:
    """While inside, `hook` sees what each batch norm takes and gives, and may replace it."""
    norms = [module for module in network.modules() if isinstance(module, _BatchNorm)]
    handles = [norm.register_forward_hook(hook) for norm in norms] if hook else []
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
