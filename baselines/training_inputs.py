"""What a training run starts from: the images, the time limit and the device."""

from dataclasses import dataclass

from ..datasets.episodes import EpisodeSpec, sample_episodes
from ..datasets.view import ImageView
from .config import TrainConfig
from .learner import Learner, TaskLearner


@dataclass(frozen=True)
class TrainViews:
    """The images of a training run.

    train: the images for training
    val: the images for validation, which selects the best checkpoint; None if the run
        trains on train + val
    """

    train: ImageView
    val: ImageView | None

    @property
    def fingerprints(self) -> list[str]:
        """The fingerprints of the training images and of any validation images."""
        if self.val is None:
            return [self.train.fingerprint]
        return [self.train.fingerprint, self.val.fingerprint]


@dataclass(frozen=True)
class TrainBudget:
    """The time limit and the device of a training run, and whether to resume it.

    minutes: the time limit; None for no limit
    device: "auto", "cpu" or "cuda"
    resume: whether to continue the run in the output folder
    last_step: the step after which the run ends; None for the last step of the recipe
    """

    minutes: float | None = None
    device: str = "auto"
    resume: bool = False
    last_step: int | None = None


def check_episodes(learner: Learner, config: TrainConfig, views: TrainViews) -> None:
    """Raise an error, before training, if the episodes cannot be drawn or answered.

    Otherwise the run might fail only at its first validation.
    Raises DataError if there are too few classes or images.
    Raises BaselineError if the learner cannot answer with this number of classes.
    """
    if isinstance(learner, TaskLearner):
        learner.check_way(config.way)
        learner.check_way(config.val_way)
    _draw_one_episode(views.train, config.train_spec)
    if views.val:
        _draw_one_episode(views.val, config.val_spec)


def _draw_one_episode(view: ImageView, spec: EpisodeSpec) -> None:
    sample_episodes(
        view.class_offsets,
        spec,
        seed=0,
        start=0,
        count=1,
    )
