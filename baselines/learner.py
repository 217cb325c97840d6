"""What can be evaluated: learners, embedding learners, and anyone's function or encoder."""

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
class LearnerCard:
    """What a result must say about the learner that made it."""

    name: str
    backbone: str = ""
    precision: str = "fp32"
    device: str = "cpu"
    train_seed: int = 0
    recipe: dict[str, str | int | float | bool | None] = field(default_factory=dict)
    checkpoint_sha256: str | None = None


class Learner(ABC):
    """Answers one episode at a time; it sees no query labels."""

    card: LearnerCard
    transductive: bool = False
    # Logits: their softmax, at this temperature, is what the learner was trained to predict.
    scores_are: ScoreKind = "scores"
    temperature: float = 1.0

    def with_steps(self, steps: int) -> "Learner":
        """This learner with so many steps of adaptation; itself when it does not adapt, or when
        the user chose the number (which its name then tells)."""
        del steps
        return self

    @abstractmethod
    def predict(
        self,
        support_images: np.ndarray,
        support_labels: np.ndarray,
        query_images: np.ndarray,
    ) -> np.ndarray:
        """Score every query image for every class of the episode; the highest score wins.

        support_images: uint8 (n_way * n_shot, H, W, C); support_labels: int64 (n_way * n_shot,)
        query_images: uint8 (n_way * n_query, H, W, C) in an order that says nothing of their class
        Returns float (n_way * n_query, n_way).
        """


class EmbeddingLearner(Learner):
    """Embeds each image on its own, then compares: every distinct image is embedded once."""

    @abstractmethod
    def embed(self, images: np.ndarray) -> Tensor:
        """images: uint8 (n, H, W, C) -> (n, d) features on the learner's device"""

    def classify(self, support_features: Tensor, query_features: Tensor) -> Tensor:
        """Minus the squared Euclidean distance to the mean of each class's support features.

        The square matters for training, not for the winner (Snell et al. 2017, section 2.3).

        support_features: (n_episodes, n_way, n_shot, d); query_features: (n_episodes, n, d)
        Returns float32 (n_episodes, n, n_way).
        """
        return negative_squared_distances(
            query_features.float(), support_features.float().mean(dim=2)
        )

    def predict(
        self,
        support_images: np.ndarray,
        support_labels: np.ndarray,
        query_images: np.ndarray,
    ) -> np.ndarray:
        order = np.argsort(support_labels, kind="stable")
        n_way = int(support_labels.max()) + 1
        support = self.embed(support_images[order]).reshape(
            1, n_way, len(order) // n_way, -1
        )
        query = self.embed(query_images)[None]
        return self.classify(support, query)[0].cpu().numpy()


class TaskLearner(Learner):
    """Answers many episodes at once, each on its own."""

    device: torch.device

    @abstractmethod
    def predict_tasks(self, support: Tensor, query: Tensor) -> Tensor:
        """Score every query image of every episode.

        support: uint8 (n_tasks, n_way * n_shot, H, W, C), class by class, on the learner's device
        query: uint8 (n_tasks, n_queries, H, W, C) in an order that says nothing of their class
        Returns float (n_tasks, n_queries, n_way).
        """

    @abstractmethod
    def check_way(self, n_way: int) -> None:
        """Raises BaselineError when the learner cannot tell so many classes apart."""

    def predict(
        self,
        support_images: np.ndarray,
        support_labels: np.ndarray,
        query_images: np.ndarray,
    ) -> np.ndarray:
        self.check_way(int(support_labels.max()) + 1)
        order = np.argsort(support_labels, kind="stable")
        parts = support_images[order], query_images
        images = (torch.from_numpy(part)[None].to(self.device) for part in parts)
        return self.predict_tasks(*images)[0].cpu().numpy()


class TrainedLearner(Learner):
    """A learner with a network that `fewbench train` can train, task by task.

    A task is one training episode: its support images, then its query images, class by class.
    """

    network: nn.Module
    device: torch.device

    @abstractmethod
    def loss(self, images: Tensor, spec: EpisodeSpec) -> Tensor:
        """Mean loss of one task.

        images: float32 (n_way * (n_shot + n_query), C, H, W) in 0..1, on the learner's device
        """

    def backward(self, tasks: Tensor, spec: EpisodeSpec, step: int) -> Tensor:
        """Add the gradient of the tasks' mean loss to that of the network; the mean loss.

        tasks: uint8 (n_tasks, n_way * (n_shot + n_query), H, W, C) on the learner's device
        step: of the training, for learners whose loss changes on the way
        """
        del step
        total = torch.zeros((), device=self.device)
        for images in tasks:
            loss = self.loss(to_input(images), spec) / len(tasks)
            loss.backward()
            total += loss.detach()
        return total


def negative_squared_distances(query: Tensor, prototypes: Tensor) -> Tensor:
    """(..., n, d) and (..., n_way, d) -> (..., n, n_way), by |q|^2 - 2 q.p + |p|^2."""
    squares = query.square().sum(-1, keepdim=True) + prototypes.square().sum(
        -1
    ).unsqueeze(-2)
    return 2 * query @ prototypes.transpose(-1, -2) - squares
