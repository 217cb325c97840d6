"""MAML, first-order MAML and ANIL (Finn et al., Model-Agnostic Meta-Learning, 2017; Raghu et al.,
Rapid Learning or Feature Reuse?, 2020).

A network and its head learn starting weights from which a few steps of gradient descent on the
support images of a task answer its query images. FOMAML takes the inner gradients for constants;
ANIL moves the head alone. The engine that runs inner loops is fewbench's own, learn2learn's or
higher's; gradients agree.

Batch norm takes its statistics from the images that pass together, also at test. So as published,
MAML's answer to one query image depends on the other query images: it is transductive, and tables
mark it. With `statistics` "support" or "image" it is not.

Differences from the papers:
1. Tasks are drawn anew at every step; the authors draw 200,000 once and cycle through them.
2. Omniglot: rotated characters are classes of their own; the authors turn each class of a task by
   a random angle.
3. The inner and the outer loss are means; the authors' are sums over images divided by the shots.
   The recipes' inner_lr and clip_value are theirs times the ratio.
4. The best validation accuracy selects the checkpoint; the authors take the last one.
5. Convolutions have no bias: batch norm would cancel it. All weights start from Glorot's uniform
   distribution; the authors draw Omniglot's head from N(0, 1) and the MLP from a narrow normal.
6. ANIL (no code was published): recipes as for MAML.
"""

import copy
from collections import OrderedDict
from dataclasses import replace

import torch
from torch import Tensor, nn

from ...datasets.episodes import EpisodeSpec
from ...datasets.lookup import pick
from ..backbones import (
    BACKBONES,
    Shape,
    batch_norm,
    initialise_glorot,
    n_features,
    to_input,
)
from ..config import TrainConfig, learner_card
from ..learner import BaselineError, TaskLearner, TrainedLearner
from .activation_memory import bytes_of_image
from .inner_loop import Engine, InnerLoop, Tasks, adapted_names

# What the layers of a chunk may hold: with their derivatives two to three times as much memory.
# Evaluation, which needs no graph of the inner loop, is fastest with less.
_TRAINING_BYTES, _TEST_BYTES = 1 << 29, 1 << 28


class MAML(TaskLearner, TrainedLearner):
    """Adapts the network to each task by gradient descent.

    network: modules `body` and `head`; float32 (n, C, H, W) in 0..1 -> float (n, n_way)
    """

    scores_are = "logits"
    steps_chosen = False  # by the user, against what protocols say

    def __init__(
        self, network: nn.Module, config: TrainConfig, device: torch.device
    ) -> None:
        self.config, self.device = config, device
        self.network = network.to(device).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - torch's stub lacks it
        self.card = learner_card(config, device)
        self.transductive = config.statistics == "query"
        if not self.transductive:
            name = f"{self.card.name}-{config.statistics}-statistics"
            self.card = replace(self.card, name=name)
        self.adapted = adapted_names(network, head_only=config.learner == "anil")
        self.engine = _engine(config.backend, self.network)
        self._bytes_of_image: dict[tuple[int, int, int, bool], int] = {}

    def choose_steps(self) -> None:
        """Keep the steps of the config under every protocol, and tell their number in the name."""
        self.steps_chosen = True
        name = f"{self.card.name}-{self.test_loop.steps}steps"
        self.card = replace(self.card, name=name)

    def with_steps(self, steps: int) -> "MAML":
        if self.steps_chosen:
            return self
        other = copy.copy(self)
        other.config = replace(self.config, test_inner_steps=steps)
        recipe = {**self.card.recipe, "test_inner_steps": steps}
        other.card = replace(self.card, recipe=recipe)
        return other

    def inner_loop(self, step: int) -> InnerLoop:
        """The inner loop at a step of the training."""
        config = self.config
        return InnerLoop(
            steps=config.inner_steps,
            lr=config.inner_lr,
            adapted=self.adapted,
            first_order=config.learner == "fomaml" or step < config.first_order_steps,
            step_weights=_step_weights(config, step),
        )

    @property
    def test_loop(self) -> InnerLoop:
        """The inner loop of evaluations."""
        config = self.config
        return InnerLoop(
            steps=config.test_inner_steps or config.inner_steps,
            lr=config.test_inner_lr or config.inner_lr,
            adapted=self.adapted,
        )

    def loss(self, images: Tensor, spec: EpisodeSpec) -> Tensor:
        raise NotImplementedError(
            "MAML's gradient is not that of one forward pass: see backward"
        )

    def backward(self, tasks: Tensor, spec: EpisodeSpec, step: int) -> Tensor:
        self.check_way(spec.n_way)
        losses = []
        n_support = spec.n_way * spec.n_shot
        images = n_support * self.config.inner_steps + tasks.shape[1] - n_support
        size = self._tasks_at_once(tasks, images, _TRAINING_BYTES)
        for chunk in tasks.split(size):
            support, query = chunk.tensor_split([n_support], dim=1)
            with self._autocast():
                part = self._tasks(support, query, spec.n_way, share=1 / len(tasks))
                losses.append(self.engine.backward(part, self.inner_loop(step)))
        return torch.cat(losses).sum()

    def predict_tasks(self, support: Tensor, query: Tensor) -> Tensor:
        n_way = self.config.way
        size = self._tasks_at_once(
            query, support.shape[1] + query.shape[1], _TEST_BYTES
        )
        answers = []
        for few, many in zip(support.split(size), query.split(size), strict=True):
            with self._autocast():
                tasks = self._tasks(few.to(self.device), many.to(self.device), n_way)
                found = self.engine.logits(
                    tasks, self.test_loop, self.config.statistics
                )
            answers.append(found.float())
        return torch.cat(answers)

    def check_way(self, n_way: int) -> None:
        if n_way != self.config.way:
            raise BaselineError(
                f"this {self.config.learner} has a head for {self.config.way} classes and cannot "
                f"answer {n_way}-way episodes. Choose a {self.config.way}-way protocol, or train "
                f"another: --set way={n_way} --set val_way={n_way}"
            )

    def _tasks_at_once(self, tasks: Tensor, images: int, budget: int) -> int:
        """images: that pass through the network for one task, each pass counted"""
        if self.config.tasks_per_chunk != "auto":
            return self.config.tasks_per_chunk
        height, width, channels = tasks.shape[2:]
        key = height, width, channels, budget == _TRAINING_BYTES
        if key not in self._bytes_of_image:
            found = bytes_of_image(
                self.network, (height, width, channels), graph=key[3]
            )
            self._bytes_of_image[key] = found
        return max(1, budget // (images * self._bytes_of_image[key]))

    def _tasks(
        self, support: Tensor, query: Tensor, n_way: int, share: float = 1.0
    ) -> Tasks:
        dtype = next(self.network.parameters()).dtype  # float64 in tests
        labels, images = [], []
        for part in (support, query):
            each = part.shape[1] // n_way
            labels.append(
                torch.arange(n_way, device=self.device).repeat_interleave(each)
            )
            images.append(
                to_input(part.flatten(0, 1)).to(dtype).unflatten(0, part.shape[:2])
            )
        return Tasks(images[0], labels[0], images[1], labels[1], share)

    def _autocast(self) -> torch.autocast:
        enabled = self.card.precision == "bf16"
        return torch.autocast(self.device.type, torch.bfloat16, enabled=enabled)


def _step_weights(config: TrainConfig, step: int) -> tuple[float, ...] | None:
    """From equal weights of all inner steps to the last one alone, linearly.

    Antoniou et al. 2019, section 4; they anneal epoch by epoch and leave a small rest.
    """
    if step >= config.multi_step_loss_steps:
        return None
    share = (1 - step / config.multi_step_loss_steps) / config.inner_steps
    return *[share] * (config.inner_steps - 1), 1 - share * (config.inner_steps - 1)


def _engine(backend: str, network: nn.Module) -> Engine:
    if backend == "learn2learn":
        from .learn2learn_engine import Learn2LearnEngine

        return Learn2LearnEngine(network)
    if backend == "higher":
        from .higher_engine import HigherEngine

        return HigherEngine(network)
    from .native_engine import NativeEngine

    return NativeEngine(network)


def make(config: TrainConfig, image_shape: Shape, device: torch.device) -> MAML:
    """A MAML, FOMAML or ANIL with fresh weights from torch's current seed."""
    if config.statistics == "image" and config.backbone == "mlp":
        raise BaselineError(
            "statistics=image: a hidden unit of the mlp has one value for an image, and no spread "
            "to normalise by: every image would get the same answer. Use statistics=support."
        )
    body = pick("backbone", config.backbone, BACKBONES)(
        image_shape, config.width, batch_norm
    )
    head = nn.Linear(n_features(body, image_shape), config.way)
    network = nn.Sequential(OrderedDict(body=body, head=head))
    initialise_glorot(network)
    return MAML(network, config, device)
