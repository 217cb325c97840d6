"""What every learner can do, and the three kinds of learners."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from fewbench.errors import UserError

from ..datasets.episodes import EpisodeSpec
from .backbones import to_input

ScoreKind = Literal["scores", "logits", "probabilities"]


class BaselineError(UserError):
    """A problem with a learner, recipe or checkpoint that the user can mend."""


@dataclass(frozen=True)
class TrainingData:
    """The images that trained a learner.

    fingerprints: content hashes of the splits, those of the training first
    """

    dataset: str
    splits: tuple[str, ...]
    fingerprints: tuple[str, ...]


@dataclass(frozen=True)
class LearnerCard:
    """What a result must say about the learner that made it.

    trained_on: None for a learner that was not trained by fewbench
    from_scratch: whether its network, if it has one, started from random weights; None if
        nobody knows
    weights_sha256: of the names and values of its weights, see `weights_digest`
    """

    name: str
    backbone: str = ""
    precision: str = "fp32"
    device: str = "cpu"
    train_seed: int = 0
    recipe: dict[str, str | int | float | bool | None] = field(default_factory=dict)
    checkpoint_sha256: str | None = None
    trained_on: TrainingData | None = None
    from_scratch: bool | None = None
    weights_sha256: str | None = None


class Learner(ABC):
    """Answers one episode at a time. It never sees the labels of query images."""

    card: LearnerCard
    # Whether the answer to a query image may depend on the other query images.
    transductive: bool = False
    # "logits": the learner was trained to predict their softmax at `temperature`.
    scores_are: ScoreKind = "scores"
    temperature: float = 1.0

    def with_steps(self, steps: int) -> "Learner":
        """This learner, adapting with the number of steps that a protocol asks for.

        Returns the learner itself when it does not adapt, or when the user chose another
        number of steps; its name then says which.
        """
        del steps
        return self

    @abstractmethod
    def predict(
        self,
        support_images: np.ndarray,
        support_labels: np.ndarray,
        query_images: np.ndarray,
    ) -> np.ndarray:
        """Score every query image for every class of the episode. The highest score wins.

        support_images: uint8 (n_way * n_shot, H, W, C)
        support_labels: int64 (n_way * n_shot,)
        query_images: uint8 (n_way * n_query, H, W, C), in an order that does not reveal
            their classes
        Returns float (n_way * n_query, n_way).
        """


class EmbeddingLearner(Learner):
    """Embeds each image on its own, then compares embeddings.

    An evaluation can therefore embed every distinct image just once.
    """

    @abstractmethod
    def embed(self, images: np.ndarray) -> Tensor:
        """Features of images, on the learner's device.

        images: uint8 (n, H, W, C) -> (n, d)
        """

    def classify(self, support_features: Tensor, query_features: Tensor) -> Tensor:
        """Minus the squared Euclidean distance to the mean support feature of each class.

        The square matters for training, but does not change which class wins (Snell et
        al. 2017, section 2.3).

        support_features: (n_episodes, n_way, n_shot, d)
        query_features: (n_episodes, n, d)
        Returns float32 (n_episodes, n, n_way).
        """
        prototypes = support_features.float().mean(dim=2)
        return negative_squared_distances(query_features.float(), prototypes)

    def predict(
        self,
        support_images: np.ndarray,
        support_labels: np.ndarray,
        query_images: np.ndarray,
    ) -> np.ndarray:
        n_way = int(support_labels.max()) + 1
        n_shot = len(support_labels) // n_way
        class_by_class = np.argsort(support_labels, kind="stable")
        support = self.embed(support_images[class_by_class])
        query = self.embed(query_images)
        # A batch of one episode.
        scores = self.classify(support.reshape(1, n_way, n_shot, -1), query[None])
        return scores[0].cpu().numpy()


class TaskLearner(Learner):
    """Answers many episodes at once, each on its own."""

    device: torch.device

    @abstractmethod
    def predict_tasks(self, support: Tensor, query: Tensor) -> Tensor:
        """Score every query image of every episode.

        support: uint8 (n_tasks, n_way * n_shot, H, W, C) on the learner's device, class
            by class
        query: uint8 (n_tasks, n_queries, H, W, C), in an order that does not reveal their
            classes
        Returns float (n_tasks, n_queries, n_way).
        """

    @abstractmethod
    def check_way(self, n_way: int) -> None:
        """Raises BaselineError when the learner cannot tell `n_way` classes apart."""

    def predict(
        self,
        support_images: np.ndarray,
        support_labels: np.ndarray,
        query_images: np.ndarray,
    ) -> np.ndarray:
        self.check_way(int(support_labels.max()) + 1)
        class_by_class = np.argsort(support_labels, kind="stable")
        support = torch.from_numpy(support_images[class_by_class])
        query = torch.from_numpy(query_images)
        # A batch of one episode.
        scores = self.predict_tasks(
            support[None].to(self.device),
            query[None].to(self.device),
        )
        return scores[0].cpu().numpy()


class TrainedLearner(Learner):
    """A learner with a network that `fewbench train` can train, task by task.

    A task is one training episode: its support images, then its query images, each class
    by class.
    """

    network: nn.Module
    device: torch.device

    @abstractmethod
    def loss(self, images: Tensor, spec: EpisodeSpec) -> Tensor:
        """Mean loss of one task.

        images: float32 (n_way * (n_shot + n_query), C, H, W) in 0..1, on the learner's
            device
        """

    def backward(
        self,
        tasks: Tensor,
        spec: EpisodeSpec,
        step: int,
    ) -> Tensor:
        """Add the gradient of the tasks' mean loss to that of the network.

        tasks: uint8 (n_tasks, n_way * (n_shot + n_query), H, W, C) on the learner's device
        step: of the training, for learners whose loss changes with the steps
        Returns the mean loss.
        """
        del step
        total = torch.zeros((), device=self.device)
        for images in tasks:
            loss = self.loss(to_input(images), spec) / len(tasks)
            loss.backward()
            total += loss.detach()
        return total


def negative_squared_distances(query: Tensor, prototypes: Tensor) -> Tensor:
    """Minus the squared distance of each query to each prototype.

    By |q|^2 - 2 q.p + |p|^2: (..., n, d) and (..., n_way, d) -> (..., n, n_way)
    """
    query_squares = query.square().sum(-1, keepdim=True)
    prototype_squares = prototypes.square().sum(-1).unsqueeze(-2)
    squares = query_squares + prototype_squares
    return 2 * query @ prototypes.transpose(-1, -2) - squares
