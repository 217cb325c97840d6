"""Measure the validation accuracy, which selects the best checkpoint."""

import numpy as np

from fewbench.progress import Progress

from ..datasets.episodes import EpisodeBatch, sample_episodes
from ..datasets.view import ImageView
from .config import TrainConfig
from .evaluation.examiner import answer
from .learner import Learner

# The seed of the validation episodes in every run.
VALIDATION_SEED = 1 << 40


def validate(
    learner: Learner,
    view: ImageView,
    config: TrainConfig,
    progress: Progress | None = None,
) -> float:
    """Return the learner's accuracy, a fraction, on the validation episodes.

    The episodes are the same for every learner and step.
    view: the validation images
    progress: called after each block of images and each chunk of episodes
    Raises BaselineError if the learner's scores are not finite.
    """
    episodes = validation_episodes(view, config, config.val_episodes)
    answers = answer(learner, view, episodes, VALIDATION_SEED, progress)
    labels = np.repeat(np.arange(config.val_way), config.val_query)
    return float((answers.predictions == labels).mean())


def validation_episodes(
    view: ImageView,
    config: TrainConfig,
    count: int,
) -> EpisodeBatch:
    """Return the first `count` episodes of each validation.

    view: the validation images
    """
    return sample_episodes(
        view.class_offsets,
        config.val_spec,
        VALIDATION_SEED,
        0,
        count,
    )
