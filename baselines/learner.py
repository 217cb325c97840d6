"""The interfaces of learners, which answer few-shot episodes."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from fewbench.errors import UserError

from .distances import class_mean_scores

ScoreKind = Literal["scores", "logits", "probabilities"]


class BaselineError(UserError):
    """A problem with a learner, recipe or checkpoint that the user can solve."""


@dataclass(frozen=True)
class TrainingData:
    """The images that trained a learner.

    fingerprints: content hashes of the training splits, then of the validation split
    """

    dataset: str
    splits: tuple[str, ...]
    fingerprints: tuple[str, ...]


class WeightsRow(NamedTuple):
    """Where a tensor of a foreign file went.

    ours: the name of our tensor; "" if the file's tensor is not needed
    theirs: the name of the tensor in the file; "" if the file has none
    shape: the shape of the tensor
    note: what was done to it; "" if its values were taken as they are
    """

    ours: str
    theirs: str
    shape: tuple[int, ...]
    note: str = ""


@dataclass(frozen=True)
class WeightsFile:
    """The file with weights that others trained.

    name: the name of the file, without its folder
    sha256: the hash of the file
    matched_by: how tensors were matched to the network: "names", "layers" or "order", or
        "known offsets" for a released checkpoint that fewbench knows
    rows: what went where
    """

    name: str
    sha256: str
    matched_by: str
    rows: tuple[WeightsRow, ...]


@dataclass(frozen=True)
class LearnerCard:
    """The facts about a learner that are stored with its results.

    backbone: the name and width of the network, such as "conv4-64"; "" if unknown
    recipe: values of the recipe by key; empty for a learner without a recipe
    checkpoint_sha256: the sha256 of the checkpoint file; None without a checkpoint
    trained_on: the images that trained the learner; None if fewbench did not train it
    from_scratch: whether the training started from random weights; None if unknown
    weights_sha256: the hash of the learner's weights (`weights_digest`); None if unknown
    image_shape: the shape (H, W, C) of the images that trained it; None if unknown
    weights_file: the file with its weights; None unless others trained them
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
    image_shape: tuple[int, int, int] | None = None
    weights_file: WeightsFile | None = None


class Learner(ABC):
    """A model that answers one episode at a time. It never sees query labels."""

    card: LearnerCard
    # Whether the scores of a query image may depend on the other query images.
    transductive: bool = False
    # "logits": softmax(scores / temperature) are the probabilities that were trained.
    # "probabilities": the scores are probabilities. "scores": neither.
    scores_are: ScoreKind = "scores"
    temperature: float = 1.0

    @abstractmethod
    def predict(
        self,
        support_images: np.ndarray,
        support_labels: np.ndarray,
        query_images: np.ndarray,
    ) -> np.ndarray:
        """Return a score for each query image and class. The highest score wins.

        support_images: uint8 (n_way * n_shot, H, W, C)
        support_labels: int64 (n_way * n_shot,)
        query_images: uint8 (n_way * n_query, H, W, C), in an order that does not reveal
            their classes
        Returns float (n_way * n_query, n_way).
        """


class EmbeddingLearner(Learner):
    """A learner that embeds each image independently, then compares embeddings.

    An evaluation can therefore embed every distinct image only once.

    images_per_batch: the number of images to embed at a time in an evaluation; None to
        choose it by the size of the images
    """

    images_per_batch: int | None = None

    def largest_map(self, images: np.ndarray) -> int:
        """Return the number of pixels of the largest map that an image becomes inside.

        It decides how many images are embedded at a time. By default, it is the size of the
        image itself.

        images: uint8 or float32 (n, H, W, C) a few images, on which an encoder is tried
        """
        _, height, width, _ = images.shape
        return height * width

    @abstractmethod
    def embed(self, images: np.ndarray) -> Tensor:
        """Return the features of images, on the learner's device.

        images: uint8 (n, H, W, C) -> (n, d)
        """

    def classify(self, support_features: Tensor, query_features: Tensor) -> Tensor:
        """Return scores: minus the squared Euclidean distances to the class means.

        A class mean is the mean support feature of a class. The square matters for
        training, but does not change which class wins (Snell et al. 2017, section 2.3).

        support_features: (n_episodes, n_way, n_shot, d)
        query_features: (n_episodes, n, d)
        Returns float (n_episodes, n, n_way): here float64, from `class_mean_scores`.
        """
        return class_mean_scores(support_features, query_features)

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
    """A learner that answers many episodes (tasks) at once, each independently."""

    device: torch.device

    @abstractmethod
    def predict_tasks(self, support: Tensor, query: Tensor) -> Tensor:
        """Return a score for each query image and class, for every episode.

        support: uint8 (n_tasks, n_way * n_shot, H, W, C) on the learner's device, class
            by class
        query: uint8 (n_tasks, n_queries, H, W, C), in an order that does not reveal
            their classes
        Returns float (n_tasks, n_queries, n_way).
        """

    @abstractmethod
    def check_way(self, n_way: int) -> None:
        """Raise BaselineError if the learner cannot answer `n_way`-way episodes."""

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


class SteppedLearner(Learner):
    """A learner that adapts to each episode in a number of steps."""

    @abstractmethod
    def with_steps(self, steps: int) -> Learner:
        """Return the learner with the number of steps that a protocol states.

        Return the learner unchanged if the user chose another number of steps. The
        learner's name then shows the user's number.
        """
