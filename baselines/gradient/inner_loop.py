"""What a gradient-based learner asks of a library: tasks, an inner loop, and an engine."""

import itertools
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
# Mean and variance.
_Moments = tuple[Tensor, Tensor]

# Dimensions of maps (n, C, H, W) over which batch norm takes its statistics.
_OF_ALL_IMAGES = [0, 2, 3]
_OF_EACH_IMAGE = [2, 3]


@dataclass(frozen=True, eq=False)
class Tasks:
    """Support and query images of many tasks, with their labels.

    support: float32 (n_tasks, n_support, C, H, W) in 0..1
    support_labels: int64 (n_support,), the same for every task
    query: float32 (n_tasks, n_query, C, H, W) in 0..1
    query_labels: int64 (n_query,), the same for every task
    share: the weight of each task in the training loss
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
    first_order: whether the inner gradients count as constants in the meta-gradient
    step_weights: weight of the query loss after each step (MAML++); None: only the loss
        after the last step counts
    """

    steps: int
    lr: float
    adapted: frozenset[str]
    first_order: bool = False
    step_weights: tuple[float, ...] | None = None

    @property
    def weight_of_step(self) -> tuple[float, ...]:
        """The weight of the query loss after each step. The weights sum to one."""
        if self.step_weights:
            return self.step_weights
        before_the_last = itertools.repeat(0.0, self.steps - 1)
        return (*before_the_last, 1.0)


class Engine(Protocol):
    """One library's way to run inner loops on a network."""

    def backward(self, tasks: Tasks, inner: InnerLoop) -> Tensor:
        """Add the gradient of the query losses, times `share`, to that of the network.

        Returns the losses times `share`: float (n_tasks,).
        """
        ...

    def logits(
        self,
        tasks: Tasks,
        inner: InnerLoop,
        statistics: Statistics,
    ) -> Tensor:
        """Adapt, then score the query images: (n_tasks, n_query, n_way), without a graph.

        statistics: see `query_logits`
        """
        ...


def adapted_names(
    network: nn.Module,
    head_only: bool,
    prefix: str = "head.",
) -> frozenset[str]:
    """Names of the parameters that the inner loop moves.

    Those of the head, or all except batch norm's. The authors learn the shifts of batch
    norm across tasks, but do not move them within a task (cbfinn/maml keeps them out of
    the weights that it adapts).
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
    """Scores of one task's query images under its adapted weights: (n_query, n_way)

    statistics: the images whose statistics normalise the query images: all query images
        of the task ("query", which is transductive), its support images ("support"), or
        each query image alone ("image")
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
    """Mean and variance over some dimensions."""
    variance, mean = torch.var_mean(
        widened(maps),
        dims,
        correction=0,
        keepdim=True,
    )
    return mean, variance


@contextmanager
def _hooked_norms(network: nn.Module, hook: Callable[..., Any]) -> Iterator[None]:
    """Inside, `hook` gets the inputs and output of each batch norm and may replace it."""
    handles = []
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            handles.append(module.register_forward_hook(hook))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
