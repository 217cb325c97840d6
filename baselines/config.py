"""The recipe of a training run as a Python object: `TrainConfig`."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

import torch
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from ..datasets.episodes import EpisodeSpec
from .learner import LearnerCard
from .trained_learner import NoSettings

# Far more than any recipe needs, and few enough to count on.
_MOST = 10**9
# More than anyone trains with. Far larger numbers would never end one step.
MOST_TASKS = 10_000
MOST_EPISODES = 1_000_000
MOST_INNER_STEPS = 10_000
Count = Annotated[int, Field(ge=1, le=_MOST)]
# Of these, a single step holds as many at once.
CountAtOnce = Annotated[int, Field(ge=1, le=2**16)]
CountOrZero = Annotated[int, Field(ge=0, le=_MOST)]
Positive = Annotated[float, Field(gt=0)]
# The settings of each learner are checked as strictly as the recipe.
OWN = ConfigDict(extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True, config=OWN)
class TrainConfig:
    """The recipe of a training run.

    `own` holds the settings of one kind of learner. All other settings are common to all
    learners. `shot` and `query` count images per class.
    """

    learner: str
    dataset: str
    backbone: str
    width: CountAtOnce
    way: CountAtOnce
    shot: CountAtOnce
    query: CountAtOnce
    # The number of updates of the network. A time limit may stop the run earlier.
    steps: Count
    # The learning rate of Adam, the optimiser of every recipe.
    lr: Positive
    # The number of episodes in each step.
    meta_batch_size: Annotated[int, Field(ge=1, le=MOST_TASKS)] = 1
    lr_schedule: Literal["steps", "cosine"] = "steps"
    # Schedule "steps": after every `lr_step` steps, lr is multiplied by `lr_decay`.
    lr_decay: Annotated[float, Field(gt=0, le=1)] = 1.0
    lr_step: Count = 1000
    # Schedule "cosine": lr falls along a cosine to `lr_min` at step `lr_until`; None: at
    # step `steps`.
    lr_min: Annotated[float, Field(ge=0)] = 0.0
    lr_until: Count | None = None
    # Elements of the gradient are clipped to -clip_value..clip_value; None: no limit.
    clip_value: Positive | None = None
    # The norm of the whole gradient is clipped to clip_norm; None: no limit.
    clip_norm: Positive | None = None
    backend: Literal["native", "learn2learn", "higher"] = "native"

    # Whether rotated images form additional classes, in training and in validation.
    rotations: bool = False
    train_splits: Literal["train", "train+val"] = "train"
    val_way: CountAtOnce = 5
    val_shot: CountAtOnce = 1
    val_query: CountAtOnce = 15
    val_episodes: Annotated[int, Field(ge=1, le=MOST_EPISODES)] = 600
    # The number of steps between two validations. Each validation writes a checkpoint.
    validate_every: Count = 500
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    # The learner's own settings, an object of its class `Settings`.
    own: Any = NoSettings()

    @property
    def cosine_steps(self) -> int:
        """The step at which the schedule "cosine" reaches `lr_min`."""
        return self.lr_until or self.steps

    @property
    def train_spec(self) -> EpisodeSpec:
        """The numbers of classes and images in a training episode."""
        return EpisodeSpec(self.way, self.shot, self.query)

    @property
    def val_spec(self) -> EpisodeSpec:
        """The numbers of classes and images in a validation episode."""
        return EpisodeSpec(self.val_way, self.val_shot, self.val_query)

    def flat(self) -> dict[str, Any]:
        """Return the recipe as one flat dict, for checkpoints and results.

        The learner's own settings stand beside the common settings.
        """
        values = asdict(self)  # pyright: ignore[reportArgumentType] - pydantic's is a dataclass too
        own = values.pop("own")
        if self.lr_until is None:
            # Recipes that do not use it are recorded as they were before it existed.
            del values["lr_until"]
        return {**values, **own}


def learner_card(config: TrainConfig, device: torch.device) -> LearnerCard:
    """Return the facts that results record about a learner made from this recipe.

    If the backend is not native, the learner's name ends in it, as in "maml-higher".
    """
    name = config.learner
    if config.backend != "native":
        name = f"{config.learner}-{config.backend}"
    return LearnerCard(
        name=name,
        backbone=f"{config.backbone}-{config.width}",
        precision=config.precision,
        device=device.type,
        train_seed=config.seed,
        recipe=config.flat(),
    )
