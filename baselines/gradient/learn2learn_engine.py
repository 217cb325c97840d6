"""Inner loops through learn2learn (Arnold et al., learn2learn, 2020): one task after the other."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..libraries import learn2learn
from .inner_loop import InnerLoop, Statistics, Tasks, query_logits


class Learn2LearnEngine:
    """`learn2learn.algorithms.MAML`: clones of the network whose weights are functions."""

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self._library = learn2learn()

    def backward(self, tasks: Tasks, inner: InnerLoop) -> Tensor:
        maml = self._library.algorithms.MAML(
            self.network, lr=inner.lr, first_order=inner.first_order
        )
        losses = []
        for task in range(len(tasks)):
            # The graph of a task goes with its clone: nothing of it outlives this iteration.
            learner = maml.clone()
            loss = torch.zeros((), device=tasks.query.device)
            for weight in inner.weight_of_step:
                self._step(
                    learner, tasks, task, inner, second_order=not inner.first_order
                )
                if weight:
                    found = functional.cross_entropy(
                        learner(tasks.query[task]), tasks.query_labels
                    )
                    loss = loss + weight * tasks.share * found
            loss.backward()
            losses.append(loss.detach())
        return torch.stack(losses)

    def logits(self, tasks: Tasks, inner: InnerLoop, statistics: Statistics) -> Tensor:
        maml = self._library.algorithms.MAML(
            self.network, lr=inner.lr, first_order=True
        )
        answers = []
        for task in range(len(tasks)):
            learner = maml.clone()
            for _ in range(inner.steps):
                self._step(learner, tasks, task, inner, second_order=False)
            weights = {
                name: value.detach()
                for name, value in learner.module.named_parameters()
            }
            with torch.no_grad():
                answers.append(
                    query_logits(self.network, weights, tasks, task, statistics)
                )
        return torch.stack(answers)

    def _step(
        self,
        learner: Any,
        tasks: Tasks,
        task: int,
        inner: InnerLoop,
        second_order: bool,
    ) -> None:
        """MAML.adapt, but moving only the parameters that are to adapt."""
        loss = functional.cross_entropy(
            learner(tasks.support[task]), tasks.support_labels
        )
        named = dict(learner.module.named_parameters())
        moving = [value for name, value in named.items() if name in inner.adapted]
        found = torch.autograd.grad(
            loss, moving, retain_graph=second_order, create_graph=second_order
        )
        found = iter(found)
        gradients = [next(found) if name in inner.adapted else None for name in named]
        self._library.algorithms.maml.maml_update(learner.module, inner.lr, gradients)
