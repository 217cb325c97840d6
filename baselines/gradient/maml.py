"""MAML, first-order MAML and ANIL (Finn et al., Model-Agnostic Meta-Learning, 2017; Raghu et al.,
Rapid Learning or Feature Reuse?, 2020).

A network and its head learn starting weights from which a few steps of gradient descent on
the support images of a task answer its query images. FOMAML treats the inner gradients as
constants. ANIL moves only the head. The inner loops are run by fewbench's own engine, by
learn2learn or by higher; their gradients agree.

Batch norm takes its statistics from the images that pass together, also at test. So MAML
as published is transductive: its answer to one query image depends on the other query
images, and tables mark it. With `statistics` "support" or "image" it is not.

Differences from the papers:
1. Tasks are drawn anew at every step. The authors draw 200,000 once and cycle through them.
2. Omniglot: rotated characters are classes of their own. The authors rotate each class of
   a task by a random angle.
3. The inner and the outer loss are means. The authors' are sums over images divided by the
   shots. The recipes' inner_lr and clip_value are theirs times the ratio.
4. The best validation accuracy selects the checkpoint. The authors take the last one.
5. Convolutions have no bias, since batch norm would cancel it. All weights start from
   Glorot's uniform distribution. The authors draw Omniglot's head from N(0, 1) and the MLP
   from a narrow normal distribution.
6. ANIL (its code was not published): recipes as for MAML.
"""

import copy
import itertools
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

# How much the layers of a chunk may hold. With derivatives, a chunk takes two to three
# times as much memory.
_TRAINING_BYTES = 1 << 29
# An evaluation needs no graph of the inner loop and is fastest with less.
_TEST_BYTES = 1 << 28


class MAML(TaskLearner, TrainedLearner):
    """Adapts the network to each task by gradient descent.

    network: modules `body` and `head`; float32 (n, C, H, W) in 0..1 -> float (n, n_way)
    """

    scores_are = "logits"
    # Whether the user chose the steps at test, in place of those of the protocols.
    steps_kept = False

    def __init__(
        self,
        network: nn.Module,
        config: TrainConfig,
        device: torch.device,
    ) -> None:
        self.config = config
        self.device = device
        network = network.to(device)
        self.network = network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - torch's stub lacks it
        self.card = learner_card(config, device)
        self.transductive = config.statistics == "query"
        if not self.transductive:
            self._add_to_name(f"{config.statistics}-statistics")
        self.adapted = adapted_names(network, head_only=config.learner == "anil")
        self.engine = _make_engine(config.backend, self.network)
        # By height, width and channels, and whether the graph counts too.
        self._bytes_of_image: dict[tuple[int, int, int, bool], int] = {}

    def keep_steps(self) -> None:
        """Adapt with the config's number of steps under every protocol.

        The learner's name then says that number.
        """
        self.steps_kept = True
        self._add_to_name(f"{self.test_loop.steps}steps")

    def with_steps(self, steps: int) -> "MAML":
        if self.steps_kept:
            return self
        other = copy.copy(self)
        other.config = replace(self.config, test_inner_steps=steps)
        recipe = {**self.card.recipe, "test_inner_steps": steps}
        other.card = replace(self.card, recipe=recipe)
        return other

    def inner_loop(self, step: int) -> InnerLoop:
        """The inner loop at a step of the training."""
        config = self.config
        is_annealed = step < config.first_order_steps
        return InnerLoop(
            steps=config.inner_steps,
            lr=config.inner_lr,
            adapted=self.adapted,
            first_order=config.learner == "fomaml" or is_annealed,
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

    def backward(
        self,
        tasks: Tensor,
        spec: EpisodeSpec,
        step: int,
    ) -> Tensor:
        self.check_way(spec.n_way)
        inner = self.inner_loop(step)
        share = 1 / len(tasks)
        n_support = spec.n_way * spec.n_shot
        n_query = tasks.shape[1] - n_support
        n_passes = n_support * self.config.inner_steps + n_query
        size = self.tasks_at_once(tasks, n_passes, training=True)
        losses = []
        for chunk in tasks.split(size):
            support, query = chunk.tensor_split([n_support], dim=1)
            with self._autocast():
                part = self._tasks(support, query, spec.n_way, share)
                losses.append(self.engine.backward(part, inner))
        return torch.cat(losses).sum()

    def predict_tasks(self, support: Tensor, query: Tensor) -> Tensor:
        n_way = self.config.way
        statistics = self.config.statistics
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
                f"{self.config.learner}: cannot answer {n_way}-way episodes: it has a head "
                f"for {way} classes. Choose a {way}-way protocol, or train a learner with "
                f"--set way={n_way} --set val_way={n_way}"
            )

    def tasks_at_once(
        self,
        tasks: Tensor,
        n_passes: int,
        training: bool,
    ) -> int:
        """How many tasks fit in a chunk.

        tasks: (n_tasks, n, H, W, C)
        n_passes: images of one task, counted each time they pass through the network
        training: whether there is a graph of the inner loop
        """
        if self.config.tasks_per_chunk != "auto":
            return self.config.tasks_per_chunk
        height, width, channels = tasks.shape[2:]
        key = (height, width, channels, training)
        if key not in self._bytes_of_image:
            shape = (height, width, channels)
            found = bytes_of_image(self.network, shape, graph=training)
            self._bytes_of_image[key] = found
        budget = _TRAINING_BYTES if training else _TEST_BYTES
        bytes_of_task = n_passes * self._bytes_of_image[key]
        return max(1, budget // bytes_of_task)

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
        # float32, but tests use float64.
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


def make(
    config: TrainConfig,
    image_shape: Shape,
    device: torch.device,
) -> MAML:
    """A MAML, FOMAML or ANIL with fresh weights from torch's current seed.

    Raises BaselineError for an mlp with statistics=image.
    """
    if config.statistics == "image" and config.backbone == "mlp":
        raise BaselineError(
            "statistics=image: cannot be used with the mlp: a hidden unit has one value for "
            "an image, so there is no spread to normalise by, and every image would get "
            "the same answer. Use --set statistics=support"
        )
    make_backbone = pick("backbone", config.backbone, BACKBONES)
    body = make_backbone(image_shape, config.width, batch_norm)
    n_inputs = n_features(body, image_shape)
    head = nn.Linear(n_inputs, config.way)
    network = nn.Sequential(OrderedDict(body=body, head=head))
    initialise_glorot(network)
    return MAML(network, config, device)


def _step_weights(config: TrainConfig, step: int) -> tuple[float, ...] | None:
    """Weights of the losses after each inner step, annealed linearly.

    They start equal, and end with the last one alone (None). Antoniou et al. 2019, section
    4; they anneal epoch by epoch and leave a small rest.
    """
    if step >= config.multi_step_loss_steps:
        return None
    remaining = 1 - step / config.multi_step_loss_steps
    share = remaining / config.inner_steps
    n_earlier = config.inner_steps - 1
    earlier = itertools.repeat(share, n_earlier)
    return (*earlier, 1 - share * n_earlier)


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
