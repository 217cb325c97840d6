"""The interfaces of learners that `fewbench train` can train."""

from abc import abstractmethod
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn

from ..datasets.episodes import EpisodeSpec
from .backbones import Shape, to_input
from .learner import Learner
from .training_batches import TrainingBatch, meta_batches


@dataclass(frozen=True)
class NoSettings:
    """The empty settings of a learner that has no settings of its own."""


class TrainedLearner(Learner):
    """A learner with a network that `fewbench train` can train.

    A subclass states what its training needs:

    table: the name of the table in a recipe with the learner's own settings
    Settings: the frozen class that checks these settings
    settings_at_test: the settings that an evaluation may change
    precisions: the precisions that the network can be trained in
    auto_precision: the precision that "auto" stands for; None to leave it to the device
    starts_from_guessing: whether each task starts with random answers, so that a loss far
        above the loss of guessing means divergence
    """

    table: ClassVar[str] = ""
    Settings: ClassVar[type] = NoSettings
    settings_at_test: ClassVar[tuple[str, ...]] = ()
    precisions: ClassVar[tuple[str, ...]] = ("fp32", "bf16")
    auto_precision: ClassVar[str | None] = None
    starts_from_guessing: ClassVar[bool] = False

    network: nn.Module
    device: torch.device

    @classmethod
    @abstractmethod
    def make(cls, config: Any, image_shape: Shape, device: torch.device) -> Self:
        """Make a learner with new weights from torch's current random state.

        config: the `TrainConfig` of the training run; its `own` is an object of `Settings`
        image_shape: (H, W, C)
        Raises DataError or BaselineError if the recipe cannot be used.
        """

    @classmethod
    def batches(
        cls,
        class_offsets: np.ndarray,
        config: Any,
        first_step: int,
    ) -> Iterator[TrainingBatch]:
        """Yield a batch for `first_step` and every later step. By default, it holds tasks.

        class_offsets: int64 (n_classes + 1,), see `ImageView.class_offsets`
        """
        return meta_batches(
            class_offsets,
            config.train_spec,
            config.meta_batch_size,
            config.seed,
            first_step,
        )

    def chosen_at_test(self, settings: Collection[str]) -> None:
        """React to settings that the user changed for an evaluation. By default, do nothing."""

    def repeats_from(self, step: int) -> bool:
        """Return whether `backward` runs the same operations in this and each later step.

        A GPU then records them once (see `RecordedStep`), unless batches have labels.
        `backward` must change nothing but gradients, and must not read values back from
        the GPU. By default, False.
        """
        del step
        return False

    @abstractmethod
    def backward(
        self,
        images: Tensor,
        spec: EpisodeSpec,
        step: int,
        labels: Tensor | None = None,
    ) -> Tensor:
        """Add the gradient of the mean loss of a batch to the network's gradient.

        A batch holds tasks, or images of all classes without tasks (a plain batch).

        images: uint8 (n_tasks, n_way * (n_shot + n_query), H, W, C) for tasks, or uint8
            (n, H, W, C) for a plain batch; on the learner's device
        spec: the numbers of classes and images in a task
        step: the training step, for learners whose loss changes during training
        labels: int64 (n,) the class of each image in a plain batch; None for tasks
        Returns the mean loss.
        """


class LossLearner(TrainedLearner):
    """A trained learner that defines the loss of one task. `backward` uses this loss.

    A task is one training episode. Its images are the support images, then the query
    images. Both are ordered class by class.
    """

    @abstractmethod
    def loss(self, images: Tensor, spec: EpisodeSpec) -> Tensor:
        """Return the mean loss of one task.

        images: float32 (n_way * (n_shot + n_query), C, H, W) in 0..1, on the learner's
            device
        """

    def backward(
        self,
        images: Tensor,
        spec: EpisodeSpec,
        step: int,
        labels: Tensor | None = None,
    ) -> Tensor:
        del step, labels
        total = torch.zeros((), device=self.device)
        for task in images:
            loss = self.loss(to_input(task), spec) / len(images)
            loss.backward()
            total += loss.detach()
        return total
