"""The learners MAML, first-order MAML (FOMAML) and ANIL.

Sources: Finn et al., Model-Agnostic Meta-Learning, 2017; Raghu et al., Rapid Learning
or Feature Reuse?, 2020.

MAML learns starting weights of a network. From these weights, a few steps of gradient
descent on the support images of a task (the inner loop) give weights that classify the
query images of the task. FOMAML treats the inner gradients as constants. ANIL changes
only the head in the inner loop. Inner loops run in fewbench's own engine, learn2learn or
higher. The gradients of these engines agree.

Batch norm takes its statistics from the images in the batch, even at test. MAML as
published is therefore transductive: the answer to a query image depends on the other
query images. Tables mark this. With `statistics` "support" or "image", MAML is not
transductive.

Differences from the papers:
1. Every step draws new tasks. The authors draw 200,000 tasks once and reuse them.
2. Omniglot: rotated characters are classes of their own. The authors rotate each class
   of a task by a random multiple of 90 degrees.
3. The inner and the outer loss are means over images. The authors' losses are sums over
   images divided by the number of shots. The recipes scale inner_lr and clip_value to
   match.
4. The best validation accuracy selects the checkpoint. The authors take the last one.
5. Convolutions have no bias, since batch norm would cancel it. All weights start from
   Glorot's uniform distribution. The authors draw Omniglot's head from N(0, 1) and the
   MLP from a narrow normal distribution.
6. ANIL: the authors' code was not published, so the recipe follows the recipes of MAML.
"""

import copy
from collections.abc import Collection
from dataclasses import replace
from typing import Self

import torch
from torch import Tensor, nn

from ...datasets.episodes import EpisodeSpec
from ..backbones import (
    Shape,
    to_input,
)
from ..config import TrainConfig, learner_card
from ..learner import BaselineError, SteppedLearner, TaskLearner
from ..own_code import is_own
from ..trained_learner import TrainedLearner
from .activation_memory import ChunkSize
from .inner_loop import Engine, InnerLoop, Tasks, adapted_names
from .maml_network import make_network, try_network
from .maml_settings import MAMLSettings, step_weights


class MAML(TaskLearner, SteppedLearner, TrainedLearner):
    """A learner that adapts its network to each task by gradient descent.

    network: a module with the parts `body` and `head`; float32 (n, C, H, W) in 0..1 ->
        float (n, n_way)
    """

    scores_are = "logits"
    table = "maml"
    Settings = MAMLSettings
    settings_at_test = (
        "test_inner_lr",
        "test_inner_steps",
        "statistics",
        "tasks_per_chunk",
    )
    # Batch norm over the few images of a task makes half of the gradient out of bf16's
    # rounding: 0.5 to 0.75 of its norm on Omniglot at the start.
    auto_precision = "fp32"
    starts_from_guessing = True
    # Whether the user chose the number of inner steps at test, instead of the protocol.
    steps_kept = False

    def __init__(
        self,
        network: nn.Module,
        config: TrainConfig,
        device: torch.device,
    ) -> None:
        self.config = config
        self.own: MAMLSettings = config.own
        self.device = device
        network = network.to(device)
        self.network = network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - torch's stub lacks it
        self.card = learner_card(config, device)
        self.transductive = config.own.statistics == "query"
        if not self.transductive:
            self._add_to_name(f"{config.own.statistics}-statistics")
        self.adapted = adapted_names(network, head_only=config.learner == "anil")
        self.engine = _make_engine(config.backend, self.network)
        self._chunk_size = ChunkSize(self.network, device)

    @classmethod
    def make(
        cls,
        config: TrainConfig,
        image_shape: Shape,
        device: torch.device,
    ) -> Self:
        learner = cls(make_network(config, image_shape), config, device)
        if is_own(config.backbone):
            try_network(learner, config, image_shape)
        return learner

    def chosen_at_test(self, settings: Collection[str]) -> None:
        if "test_inner_steps" in settings:
            self.keep_steps()

    def keep_steps(self) -> None:
        """Use the recipe's number of inner steps at test, whatever a protocol states.

        The number is added to the learner's name, such as "maml-3steps".
        """
        self.steps_kept = True
        self._add_to_name(f"{self.test_loop.steps}steps")

    def with_steps(self, steps: int) -> "MAML":
        if self.steps_kept:
            return self
        other = copy.copy(self)
        other.own = replace(self.own, test_inner_steps=steps)
        other.config = replace(self.config, own=other.own)
        recipe = {**self.card.recipe, "test_inner_steps": steps}
        other.card = replace(self.card, recipe=recipe)
        return other

    def inner_loop(self, step: int) -> InnerLoop:
        """Return the inner loop for a training step."""
        config = self.config
        is_annealed = step < config.own.first_order_steps
        return InnerLoop(
            steps=config.own.inner_steps,
            lr=config.own.inner_lr,
            adapted=self.adapted,
            first_order=config.learner == "fomaml" or is_annealed,
            step_weights=step_weights(config.own, step),
        )

    @property
    def test_loop(self) -> InnerLoop:
        """The inner loop of evaluations."""
        config = self.config
        return InnerLoop(
            steps=config.own.test_inner_steps or config.own.inner_steps,
            lr=config.own.test_inner_lr or config.own.inner_lr,
            adapted=self.adapted,
        )

    def repeats_from(self, step: int) -> bool:
        config = self.config
        # Other libraries, and networks or learners of users, may do what a GPU cannot
        # record.
        is_known = type(self) is MAML and config.backend == "native"
        if not is_known or is_own(config.backbone):
            return False
        own = self.own
        return step >= max(own.first_order_steps, own.multi_step_loss_steps)

    def backward(
        self,
        images: Tensor,
        spec: EpisodeSpec,
        step: int,
        labels: Tensor | None = None,
    ) -> Tensor:
        del labels
        self.check_way(spec.n_way)
        inner = self.inner_loop(step)
        share = 1 / len(images)
        n_support = spec.n_way * spec.n_shot
        n_query = images.shape[1] - n_support
        n_passes = n_support * self.own.inner_steps + n_query
        size = self.tasks_at_once(images, n_passes, training=True)
        losses = []
        for chunk in images.split(size):
            support, query = chunk.tensor_split([n_support], dim=1)
            with self._autocast():
                part = self._tasks(support, query, spec.n_way, share)
                losses.append(self.engine.backward(part, inner))
        return torch.cat(losses).sum()

    def predict_tasks(self, support: Tensor, query: Tensor) -> Tensor:
        n_way = self.config.way
        statistics = self.own.statistics
        n_support = support.shape[1]
        n_query = query.shape[1]
        n_passes = n_support + n_query
        size = self.tasks_at_once(query, n_passes, training=False)
        answers = []
        support_chunks = support.split(size)
        query_chunks = query.split(size)
        for few, many in zip(support_chunks, query_chunks, strict=True):
            few = few.to(self.device)
            many = many.to(self.device)
            with self._autocast():
                tasks = self._tasks(few, many, n_way)
                logits = self.engine.logits(tasks, self.test_loop, statistics)
            answers.append(logits.float())
        return torch.cat(answers)

    def check_way(self, n_way: int) -> None:
        way = self.config.way
        if n_way != way:
            raise BaselineError(
                f"{self.config.learner}: cannot answer {n_way}-way episodes: it has a "
                f"head for {way} classes. Choose a {way}-way protocol, or train a "
                f"learner with --set way={n_way} --set val_way={n_way}"
            )

    def tasks_at_once(
        self,
        tasks: Tensor,
        n_passes: int,
        training: bool,
    ) -> int:
        """Return the number of tasks that run at once (a chunk).

        tasks: (n_tasks, n, H, W, C)
        n_passes: the number of images that pass through the network for one task; an
            image that passes twice counts twice
        training: whether the graph of the inner loop is kept
        """
        if self.own.tasks_per_chunk != "auto":
            return self.own.tasks_per_chunk
        height, width, channels = tasks.shape[2:]
        shape = (height, width, channels)
        return self._chunk_size.tasks_at_once(shape, n_passes, training)

    def _tasks(
        self,
        support: Tensor,
        query: Tensor,
        n_way: int,
        share: float = 1.0,
    ) -> Tasks:
        return Tasks(
            support=self._as_input(support),
            support_labels=self._labels(support, n_way),
            query=self._as_input(query),
            query_labels=self._labels(query, n_way),
            share=share,
        )

    def _as_input(self, images: Tensor) -> Tensor:
        # The weights are float32, but float64 in tests.
        dtype = next(self.network.parameters()).dtype
        n_tasks, n_images = images.shape[:2]
        flat = images.flatten(0, 1)
        values = to_input(flat).to(dtype)
        return values.unflatten(0, (n_tasks, n_images))

    def _labels(self, images: Tensor, n_way: int) -> Tensor:
        n_per_class = images.shape[1] // n_way
        classes = torch.arange(n_way, device=self.device)
        return classes.repeat_interleave(n_per_class)

    def _autocast(self) -> torch.autocast:
        enabled = self.card.precision == "bf16"
        return torch.autocast(self.device.type, torch.bfloat16, enabled=enabled)

    def _add_to_name(self, words: str) -> None:
        name = f"{self.card.name}-{words}"
        self.card = replace(self.card, name=name)


def _make_engine(backend: str, network: nn.Module) -> Engine:
    # Imported here, since learn2learn and higher are optional.
    if backend == "learn2learn":
        from .learn2learn_engine import Learn2LearnEngine

        return Learn2LearnEngine(network)
    if backend == "higher":
        from .higher_engine import HigherEngine

        return HigherEngine(network)
    from .native_engine import NativeEngine

    return NativeEngine(network)
