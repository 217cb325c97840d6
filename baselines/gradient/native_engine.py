"""Inner loops natively: all tasks of a chunk side by side, first and second order."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from .inner_loop import InnerLoop, Statistics, Tasks
from .taskwise import Layer, Moments, Norms, TaskImages, layers_of, run, task_weights
from .taskwise_functions import widened
from .taskwise_layers import Weights


class NativeEngine:
    """Runs every task of a chunk in the same few operations."""

    def __init__(self, network: nn.Module) -> None:
        self.layers = layers_of(network)

    def backward(self, tasks: Tasks, inner: InnerLoop) -> Tensor:
        weights = task_weights(self.layers, len(tasks))
        body, rest = _split(self.layers, inner.adapted)
        support, query = (
            _features(body, weights, images) for images in (tasks.support, tasks.query)
        )
        losses = torch.zeros(len(tasks), device=tasks.query.device)
        for weight in inner.weight_of_step:
            loss = _losses(run(rest, weights, support), tasks.support_labels)
            weights = _step(weights, loss, inner, second_order=not inner.first_order)
            if weight:
                found = _losses(run(rest, weights, query), tasks.query_labels)
                losses = losses + weight * tasks.share * found
        losses.sum().backward()
        return losses.detach()

    @torch.no_grad()
    def logits(self, tasks: Tasks, inner: InnerLoop, statistics: Statistics) -> Tensor:
        weights = task_weights(self.layers, len(tasks))
        body, rest = _split(self.layers, inner.adapted)
        support = _features(body, weights, tasks.support)
        for _ in range(inner.steps):
            with torch.enable_grad():
                weights = {
                    name: value.detach().requires_grad_()
                    for name, value in weights.items()
                }
                loss = _losses(run(rest, weights, support), tasks.support_labels)
                weights = _step(weights, loss, inner, second_order=False)
        norms = Norms(each_image=statistics == "image")
        if statistics == "support":
            record: list[Moments] = []
            run(self.layers, weights, _images(tasks.support), Norms(record=record))
            norms = Norms(given=iter(record))
        return run(self.layers, weights, _images(tasks.query), norms)


def _split(
    layers: Sequence[Layer], adapted: frozenset[str]
) -> tuple[list[Layer], list[Layer]]:
    """The layers before the first one that adapts, which pass only once, and the others."""
    moves = [any(name.startswith(layer.prefix) for name in adapted) for layer in layers]
    first = moves.index(True)
    return list(layers[:first]), list(layers[first:])


def _images(images: Tensor) -> TaskImages:
    return TaskImages(images.permute(0, 1, 3, 4, 2))


def _features(body: Sequence[Layer], weights: Weights, images: Tensor) -> TaskImages:
    found = _images(images)
    return TaskImages(run(body, weights, found)) if body else found


def _losses(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy of each task: float (n_tasks, n, n_way) -> (n_tasks,)"""
    n_tasks, n, _ = logits.shape
    every = labels.expand(n_tasks, n)
    scores = widened(logits).flatten(0, 1)
    losses = functional.cross_entropy(scores, every.flatten(), reduction="none")
    return losses.reshape(n_tasks, n).mean(1)


def _step(
    weights: Weights, losses: Tensor, inner: InnerLoop, second_order: bool
) -> Weights:
    """One step of each task along its own gradient: tasks do not see each other's weights."""
    names = [name for name in weights if name in inner.adapted]
    values = [weights[name] for name in names]
    gradients = torch.autograd.grad(losses.sum(), values, create_graph=second_order)
    moved = {
        name: value.sub(gradient, alpha=inner.lr)
        for name, value, gradient in zip(names, values, gradients, strict=True)
    }
    return weights | moved
