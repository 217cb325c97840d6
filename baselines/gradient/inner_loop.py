"""The interface between MAML and its engines: tasks, inner loops and `Engine`."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.modules.batchnorm import _BatchNorm

from ..learner import BaselineError
from .taskwise_functions import widened

Statistics = Literal["query", "support", "image"]
# The mean and the variance.
_Moments = tuple[Tensor, Tensor]

# The dimensions of maps (n, C, H, W) over which batch norm takes its statistics.
_OF_ALL_IMAGES = [0, 2, 3]
_OF_EACH_IMAGE = [2, 3]


@dataclass(frozen=True, eq=False)
class Tasks:
    """The support and query images of many tasks, with their labels.

    support: float32 (n_tasks, n_support, C, H, W) in 0..1
    support_labels: int64 (n_support,), the same for every task
    query: float32 (n_tasks, n_query, C, H, W) in 0..1
    query_labels: int64 (n_query,), the same for every task
    share: the weight of each task in the training loss (1 / the number of tasks)
    """

    support: Tensor
    support_labels: Tensor
    query: Tensor
    query_labels: Tensor
    share: float = 1.0

    def __len__(self) -> int:
        return len(self.support)


class UpdateRule(Protocol):
    """A function that changes the weights in a step of an inner loop."""

    def __call__(
        self,
        weights: dict[str, Tensor],
        gradients: dict[str, Tensor],
        lr: float,
    ) -> dict[str, Tensor]:
        """Return the new value of each weight.

        weights, gradients: by name, float (n_tasks, ...); a weight has the layout of
            `taskwise.task_weights`
        """
        ...


def plain_sgd(
    weights: dict[str, Tensor],
    gradients: dict[str, Tensor],
    lr: float,
) -> dict[str, Tensor]:
    """Return the weights minus the learning rate times their gradients."""
    moved = {}
    for name, value in weights.items():
        moved[name] = value.sub(gradients[name], alpha=lr)
    return moved


@dataclass(frozen=True)
class InnerLoop:
    """Gradient descent on the mean cross-entropy of a task's support images.

    steps: the number of gradient steps
    lr: the learning rate of each step
    adapted: the names of the parameters that the steps change; all other parameters are
        the same for every task
    first_order: whether the inner gradients are constants in the meta-gradient
    step_weights: the weight of the query loss after each step (MAML++); None if only
        the loss after the last step counts
    update: the rule of each step; engines of other libraries know only `plain_sgd`
    """

    steps: int
    lr: float
    adapted: frozenset[str]
    first_order: bool = False
    step_weights: tuple[float, ...] | None = None
    update: UpdateRule = plain_sgd

    @property
    def weight_of_step(self) -> tuple[float, ...]:
        """The weight of the query loss after each step. All weights sum to 1."""
        if self.step_weights:
            return self.step_weights
        before_the_last = itertools.repeat(0.0, self.steps - 1)
        return (*before_the_last, 1.0)


class Engine(Protocol):
    """A way to run the inner loops of many tasks on a network."""

    def backward(self, tasks: Tasks, inner: InnerLoop) -> Tensor:
        """Run the inner loops. Add the gradient of the loss to the network's gradient.

        The loss is the sum of all tasks' query losses, each times `tasks.share`.
        Returns the query losses times `tasks.share`: float (n_tasks,).
        """
        ...

    def logits(
        self,
        tasks: Tasks,
        inner: InnerLoop,
        statistics: Statistics,
    ) -> Tensor:
        """Run the inner loops, then return the scores of the query images.

        statistics: see `query_logits`
        Returns float (n_tasks, n_query, n_way), without a graph.
        """
        ...


def require_plain_sgd(inner: InnerLoop, backend: str) -> None:
    """Raise BaselineError if the update rule of an inner loop is not `plain_sgd`."""
    if inner.update is not plain_sgd:
        raise BaselineError(
            f"--backend {backend}: cannot run this inner loop: expected plain gradient "
            f"descent, got another update rule. Use --backend native"
        )


def adapted_names(
    network: nn.Module,
    head_only: bool,
    prefix: str = "head.",
) -> frozenset[str]:
    """Return the names of the parameters that the inner loop changes.

    These are all trained parameters except the parameters of batch norm. MAML's authors
    learn the shifts of batch norm across tasks, but do not change them within a task
    (in cbfinn/maml, the adapted weights do not include them).

    head_only: whether only the parameters of the head are changed
    prefix: what the names of the head's parameters start with
    """
    norms: set[str] = set()
    for module_name, module in network.named_modules():
        if isinstance(module, _BatchNorm):
            norms.add(module_name)
    adapted: set[str] = set()
    for name, parameter in network.named_parameters():
        module_name, _, _ = name.rpartition(".")
        is_in_scope = not head_only or name.startswith(prefix)
        if parameter.requires_grad and module_name not in norms and is_in_scope:
            adapted.add(name)
    return frozenset(adapted)


def query_logits(
    network: nn.Module,
    weights: dict[str, Tensor],
    tasks: Tasks,
    task: int,
    statistics: Statistics,
) -> Tensor:
    """Return the scores of one task's query images, with adapted weights.

    weights: the parameters of the network after the inner loop, by name
    task: the index of the task
    statistics: the images from which batch norm takes the mean and variance for a query
        image: all query images of the task ("query", which is transductive), the support
        images of the task ("support"), or the query image alone ("image")
    Returns float (n_query, n_way).
    """
    support = tasks.support[task]
    query = tasks.query[task]
    if statistics == "query":
        return functional_call(network, weights, (query,))
    recorded = []

    def record(
        norm: nn.Module,
        inputs: tuple[Tensor],
        output: Tensor,
    ) -> None:
        del norm, output
        maps = inputs[0]
        recorded.append(_moments(maps, _OF_ALL_IMAGES))

    def replace(
        norm: _BatchNorm,
        inputs: tuple[Tensor],
        output: Tensor,
    ) -> Tensor:
        del output
        maps = inputs[0]
        if statistics == "support":
            return _normalised(norm, maps, recorded.pop(0))
        return _normalised(norm, maps, _moments(maps, _OF_EACH_IMAGE))

    if statistics == "support":
        with _hooked_norms(network, record):
            functional_call(network, weights, (support,))
    with _hooked_norms(network, replace):
        return functional_call(network, weights, (query,))


def _normalised(
    norm: _BatchNorm,
    maps: Tensor,
    moments: _Moments,
) -> Tensor:
    mean, variance = moments
    scale = norm.weight[:, None, None]
    shift = norm.bias[:, None, None]
    slope = scale * torch.rsqrt(variance + norm.eps)
    return (maps - mean) * slope + shift


def _moments(maps: Tensor, dims: list[int]) -> _Moments:
    """Return the mean and the variance of maps over the dimensions `dims`."""
    wide = widened(maps)
    variance, mean = torch.var_mean(wide, dims, correction=0, keepdim=True)
    return mean, variance


@contextmanager
def _hooked_norms(network: nn.Module, hook: Callable[..., Any]) -> Iterator[None]:
    """Register a forward hook on each batch norm, and remove all hooks at the end.

    hook: gets the norm, its inputs and its output; it may return another output
    """
    handles = []
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            handles.append(module.register_forward_hook(hook))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
