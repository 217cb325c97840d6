"""Run inner loops with learn2learn (Arnold et al., learn2learn, 2020), task by task."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..libraries import learn2learn
from .inner_loop import InnerLoop, Statistics, Tasks, query_logits, require_plain_sgd


class Learn2LearnEngine:
    """An engine that runs inner loops with `learn2learn.algorithms.MAML`.

    learn2learn clones the network for each task. Gradients flow from the clone back to
    the network.
    Raises BaselineError if learn2learn cannot be imported.
    """

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self._library = learn2learn()

    def backward(self, tasks: Tasks, inner: InnerLoop) -> Tensor:
        require_plain_sgd(inner, "learn2learn")
        maml = self._maml(inner, first_order=inner.first_order)
        losses = []
        for task in range(len(tasks)):
            # The clone holds the graph of the task. Both are freed after this
            # iteration.
            learner = maml.clone()
            loss = torch.zeros((), device=tasks.query.device)
            for weight in inner.weight_of_step:
                support_loss = _support_loss(learner, tasks, task)
                self._step(learner, support_loss, inner, graph=not inner.first_order)
                if weight:
                    scores = learner(tasks.query[task])
                    query_loss = functional.cross_entropy(scores, tasks.query_labels)
                    loss = loss + weight * tasks.share * query_loss
            loss.backward()
            losses.append(loss.detach())
        return torch.stack(losses)

    def logits(
        self,
        tasks: Tasks,
        inner: InnerLoop,
        statistics: Statistics,
    ) -> Tensor:
        maml = self._maml(inner, first_order=True)
        answers = []
        for task in range(len(tasks)):
            learner = maml.clone()
            for _ in range(inner.steps):
                support_loss = _support_loss(learner, tasks, task)
                self._step(learner, support_loss, inner, graph=False)
            weights = {}
            for name, value in learner.module.named_parameters():
                weights[name] = value.detach()
            with torch.no_grad():
                scores = query_logits(self.network, weights, tasks, task, statistics)
            answers.append(scores)
        return torch.stack(answers)

    def _maml(self, inner: InnerLoop, first_order: bool) -> Any:
        algorithms = self._library.algorithms
        return algorithms.MAML(self.network, lr=inner.lr, first_order=first_order)

    def _step(
        self,
        learner: Any,
        support_loss: Tensor,
        inner: InnerLoop,
        graph: bool,
    ) -> None:
        """Change the adapted parameters of a clone by one gradient step.

        MAML.adapt of learn2learn would change all parameters.

        graph: whether the step can be differentiated
        """
        names = []
        moving = []
        for name, value in learner.module.named_parameters():
            names.append(name)
            if name in inner.adapted:
                moving.append(value)
        found = torch.autograd.grad(
            support_loss,
            moving,
            retain_graph=graph,
            create_graph=graph,
        )
        remaining = iter(found)
        # learn2learn does not change parameters whose gradient is None.
        gradients = []
        for name in names:
            gradient = None
            if name in inner.adapted:
                gradient = next(remaining)
            gradients.append(gradient)
        maml_update = self._library.algorithms.maml.maml_update
        maml_update(learner.module, inner.lr, gradients)


def _support_loss(
    learner: Any,
    tasks: Tasks,
    task: int,
) -> Tensor:
    scores = learner(tasks.support[task])
    return functional.cross_entropy(scores, tasks.support_labels)
