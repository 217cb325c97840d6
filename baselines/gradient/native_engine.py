"""Run the inner loops of all tasks in a chunk at once, in first or second order."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from .inner_loop import InnerLoop, Statistics, Tasks
from .taskwise import layers_of, run, task_weights
from .taskwise_functions import widened
from .taskwise_layers import Layer, Weights
from .taskwise_statistics import Moments, Norms
from .taskwise_stem import TaskImages


class NativeEngine:
    """fewbench's own engine. Each operation computes all tasks in a chunk."""

    def __init__(self, network: nn.Module) -> None:
        self.layers = layers_of(network)

    def backward(self, tasks: Tasks, inner: InnerLoop) -> Tensor:
        weights = task_weights(self.layers, len(tasks))
        body, rest = _split(self.layers, inner.adapted)
        support = _features(body, weights, tasks.support)
        query = _features(body, weights, tasks.query)
        losses = torch.zeros(len(tasks), device=tasks.query.device)
        for weight in inner.weight_of_step:
            support_logits = run(rest, weights, support)
            support_losses = _losses(support_logits, tasks.support_labels)
            weights = _step(
                weights,
                support_losses,
                inner,
                second_order=not inner.first_order,
            )
            if weight:
                query_logits = run(rest, weights, query)
                query_losses = _losses(query_logits, tasks.query_labels)
                losses = losses + weight * tasks.share * query_losses
        losses.sum().backward()
        return losses.detach()

    @torch.no_grad()
    def logits(
        self,
        tasks: Tasks,
        inner: InnerLoop,
        statistics: Statistics,
    ) -> Tensor:
        weights = self._adapted_weights(tasks, inner)
        norms = Norms(each_image=statistics == "image")
        if statistics == "support":
            record: list[Moments] = []
            support = _channels_last(tasks.support)
            run(self.layers, weights, support, Norms(record=record))
            norms = Norms(given=iter(record))
        query = _channels_last(tasks.query)
        return run(self.layers, weights, query, norms)

    def _adapted_weights(self, tasks: Tasks, inner: InnerLoop) -> Weights:
        weights = task_weights(self.layers, len(tasks))
        body, rest = _split(self.layers, inner.adapted)
        support = _features(body, weights, tasks.support)
        for _ in range(inner.steps):
            with torch.enable_grad():
                leaves: Weights = {}
                for name, value in weights.items():
                    leaves[name] = value.detach().requires_grad_()
                support_logits = run(rest, leaves, support)
                losses = _losses(support_logits, tasks.support_labels)
                weights = _step(
                    leaves,
                    losses,
                    inner,
                    second_order=False,
                )
        return weights


def _split(
    layers: Sequence[Layer], adapted: frozenset[str]
) -> tuple[list[Layer], list[Layer]]:
    """Return the layers before the first adapted layer, and all remaining layers.

    The first group of layers gives the same features at each inner step, so it runs only
    once.
    """
    body = []
    rest = []
    for layer in layers:
        if rest or _adapts(layer, adapted):
            rest.append(layer)
        else:
            body.append(layer)
    return body, rest


def _adapts(layer: Layer, adapted: frozenset[str]) -> bool:
    return any(name.startswith(layer.prefix) for name in adapted)


def _channels_last(images: Tensor) -> TaskImages:
    """Move the channels last: (n_tasks, n, C, H, W) -> (n_tasks, n, H, W, C)"""
    values = images.permute(0, 1, 3, 4, 2)
    return TaskImages(values)


def _features(
    body: Sequence[Layer],
    weights: Weights,
    images: Tensor,
) -> TaskImages:
    found = _channels_last(images)
    if not body:
        return found
    return TaskImages(run(body, weights, found))


def _losses(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the mean cross-entropy of each task.

    float (n_tasks, n, n_way) -> (n_tasks,)
    """
    n_tasks, n, _ = logits.shape
    scores = widened(logits).flatten(0, 1)
    all_labels = labels.expand(n_tasks, n).flatten()
    losses = functional.cross_entropy(scores, all_labels, reduction="none")
    return losses.reshape(n_tasks, n).mean(1)


def _step(
    weights: Weights,
    losses: Tensor,
    inner: InnerLoop,
    second_order: bool,
) -> Weights:
    """Return the weights after one gradient step of each task on its own loss."""
    names = []
    values = []
    for name, value in weights.items():
        if name in inner.adapted:
            names.append(name)
            values.append(value)
    # The loss of a task depends only on its own weights, so the gradient of the sum is
    # the gradient of each loss.
    total = losses.sum()
    gradients = torch.autograd.grad(total, values, create_graph=second_order)
    before = dict(zip(names, values, strict=True))
    by_name = dict(zip(names, gradients, strict=True))
    return weights | inner.update(before, by_name, inner.lr)
