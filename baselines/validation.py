"""Validation during training, which selects the best checkpoint."""

import numpy as np

from ..datasets.episodes import sample_episodes
from ..datasets.view import ImageView
from .config import TrainConfig
from .evaluation.examiner import answer
from .learner import Learner

# Validation episodes come from a stream of their own.
_SEED = 1 << 40


def validate(
    learner: Learner,
    view: ImageView,
    config: TrainConfig,
) -> float:
    """The learner's accuracy on the validation episodes, which are always the same.

    Raises BaselineError when its scores are not finite.
    """
    episodes = sample_episodes(
        view.class_offsets,
        config.val_spec,
        _SEED,
        0,
        config.val_episodes,
    )
    predictions = answer(learner, view, episodes, _SEED).predictions
    labels = np.repeat(np.arange(config.val_way), config.val_query)
    return float((predictions == labels).mean())
