"""A learner of which only the features are left: it answers any episodes of their images."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...datasets.view import ImageView
from ..distances import class_mean_scores, cosine_scores
from ..learner import BaselineError, EmbeddingLearner, LearnerCard, ScoreKind
from ..metric.centroid import Centroid
from ..metric.protonet import ProtoNet
from ..preparation import Preparation
from .feature_rows import FeatureRows
from .features import Features
from .stored_features import StoredFeatures, StoredIn

# How query features are compared with support features. The scores are those of
# `EmbeddingLearner.classify`.
HEADS: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "protonet": class_mean_scores,
    "cosine": cosine_scores,
}
# These classes compare as the head "protonet" does.
_LIKE_PROTONET = (EmbeddingLearner.classify, ProtoNet.classify, Centroid.classify)


def head_of(learner: EmbeddingLearner) -> str:
    """Return how a learner compares features: "protonet", or "own" for code of its own."""
    classify = type(learner).classify
    if classify in _LIKE_PROTONET:
        return "protonet"
    return "own"


@dataclass(frozen=True)
class Head:
    """How the features are compared, and what the scores mean.

    name: one of HEADS
    """

    name: str = "protonet"
    scores_are: ScoreKind = "scores"
    temperature: float = 1.0


@dataclass(frozen=True)
class AskedBefore:
    """What was found when the images were embedded again, before the features were stored.

    order: whether images got the same features in another order
    determinism: whether they got the same features twice
    distinct: whether images have different features
    None if that is unknown.
    """

    order: bool | None = None
    determinism: bool | None = None
    distinct: bool | None = None


class StoredLearner(EmbeddingLearner):
    """A learner whose features of all images of a split are stored.

    stored_in: what was embedded
    prepare: how the images were prepared; None if they were not
    asked: what was found when the encoder was there
    """

    def __init__(
        self,
        card: LearnerCard,
        rows: FeatureRows,
        stored_in: StoredIn,
        head: Head,
        asked: AskedBefore,
        prepare: Preparation | None = None,
    ) -> None:
        self.card = card
        self.stored_in = stored_in
        self.prepare = prepare
        self.asked = asked
        self.scores_are = head.scores_are
        self.temperature = head.temperature
        self.device = torch.device("cpu")
        self._rows = rows
        self._compare = HEADS[head.name]

    def features(self, view: ImageView) -> StoredFeatures:
        """Return the features of the images of a view.

        Raises BaselineError if some of its images were not embedded.
        """
        return StoredFeatures(self, view, self._rows, self.stored_in)

    def embed(self, images: np.ndarray) -> Tensor:
        """Raise BaselineError: only the features of the encoder are there."""
        raise BaselineError(
            f"cannot embed {len(images)} images: expected the encoder of "
            f"{self.card.name}, got its stored features alone. Name the model itself in "
            f"place of features:FOLDER"
        )

    def classify(self, support_features: Tensor, query_features: Tensor) -> Tensor:
        return self._compare(support_features, query_features)


def features_of(
    learner: EmbeddingLearner,
    view: ImageView,
    images: np.ndarray | None = None,
) -> Features:
    """Return the features of a view: the stored ones, or some to embed when needed.

    images: bool (n_images,) the images to embed; None for all images
    Raises BaselineError if only features of other images are stored.
    """
    if isinstance(learner, StoredLearner):
        return learner.features(view)
    return Features(learner, view, images)
