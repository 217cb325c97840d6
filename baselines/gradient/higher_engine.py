"""Run inner loops with the library higher (Grefenstette et al. 2019), task by task."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..libraries import higher
from .inner_loop import InnerLoop, Statistics, Tasks, query_logits, require_plain_sgd

Gradients = list[Tensor | None]


class HigherEngine:
    """An engine that runs inner loops with `higher.innerloop_ctx`.

    higher makes a functional copy of the network and a differentiable SGD for each
    task.
    Raises BaselineError if higher cannot be imported.
    """

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self._library = higher()

    def backward(self, tasks: Tasks, inner: InnerLoop) -> Tensor:
        require_plain_sgd(inner, "higher")
        losses = []
        for task in range(len(tasks)):
            losses.append(self._task_loss(tasks, task, inner))
        return torch.stack(losses)

    def logits(
        self,
        tasks: Tasks,
        inner: InnerLoop,
        statistics: Statistics,
    ) -> Tensor:
        answers = []
        for task in range(len(tasks)):
            weights = self._adapted_weights(tasks, task, inner)
            with torch.no_grad():
                scores = query_logits(self.network, weights, tasks, task, statistics)
            answers.append(scores)
        return torch.stack(answers)

    def _task_loss(
        self,
        tasks: Tasks,
        task: int,
        inner: InnerLoop,
    ) -> Tensor:
        """Add the gradient of one task to the network's gradient. Return the task's loss."""
        # The context holds the graph of the task. Both are freed when this function
        # returns.
        with self._loop(inner, track=True) as (copy, optimizer):
            loss = torch.zeros((), device=tasks.query.device)
            for weight in inner.weight_of_step:
                support_loss = _support_loss(copy, tasks, task)
                optimizer.step(support_loss, grad_callback=_grad_callback(inner))
                if weight:
                    scores = copy(tasks.query[task])
                    query_loss = functional.cross_entropy(scores, tasks.query_labels)
                    loss = loss + weight * tasks.share * query_loss
            loss.backward()
        return loss.detach()

    def _adapted_weights(
        self,
        tasks: Tasks,
        task: int,
        inner: InnerLoop,
    ) -> dict[str, Tensor]:
        weights: dict[str, Tensor] = {}
        with self._loop(inner, track=False) as (copy, optimizer):
            for _ in range(inner.steps):
                optimizer.step(_support_loss(copy, tasks, task))
            names = dict(self.network.named_parameters())
            for name, value in zip(names, copy.parameters(), strict=True):
                weights[name] = value.detach()
        return weights

    def _loop(
        self,
        inner: InnerLoop,
        track: bool,
    ) -> AbstractContextManager[tuple[Any, Any]]:
        """Return a context with a copy of the network and an optimiser, for one task.

        track: whether gradients flow from the copy back to the network
        """
        moving = []
        for name, parameter in self.network.named_parameters():
            if name in inner.adapted:
                moving.append(parameter)
        optimizer = torch.optim.SGD(moving, lr=inner.lr)
        return self._library.innerloop_ctx(
            self.network,
            optimizer,
            copy_initial_weights=False,
            track_higher_grads=track,
        )


def _support_loss(
    network: nn.Module,
    tasks: Tasks,
    task: int,
) -> Tensor:
    scores = network(tasks.support[task])
    return functional.cross_entropy(scores, tasks.support_labels)


def _grad_callback(inner: InnerLoop) -> Callable[[Gradients], Gradients] | None:
    """Return a callback that detaches inner gradients, for a first-order inner loop.

    Return None for a second-order inner loop.
    """
    if inner.first_order:
        return _detached
    return None


def _detached(gradients: Gradients) -> Gradients:
    constants = []
    for gradient in gradients:
        if gradient is not None:
            gradient = gradient.detach()
        constants.append(gradient)
    return constants
