"""Measure the validation accuracy, which selects the best checkpoint."""

import numpy as np

from ..datasets.episodes import sample_episodes
from ..datasets.view import ImageView
from .config import TrainConfig
from .evaluation.examiner import answer
from .learner import Learner

# The seed of the validation episodes in every run.
_SEED = 1 << 40


def validate(
    learner: Learner,
    view: ImageView,
    config: TrainConfig,
) -> float:
    """Return the learner's accuracy, a fraction, on the validation episodes.

    The episodes are the same for every learner and step.
    view: the validation images
    Raises BaselineError if the learner's scores are not finite.
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
