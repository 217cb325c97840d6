"""Read recipes: TOML files with the hyper-parameters of training and their sources."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from fewbench.documents import DocumentError, parse_toml, read_bytes, shown

from ..datasets.episodes import EpisodeSpec
from ..datasets.info import DataError
from ..datasets.lookup import pick
from .learner import BaselineError, LearnerCard

_RECIPES = Path(__file__).parent / "recipes"
Count = Annotated[int, Field(ge=1)]
CountOrZero = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]

# Learners that adapt to a task by gradient descent.
ADAPTING = ("maml", "fomaml", "anil")

# Keys that have an effect only on the learners in ADAPTING.
ADAPTING_KEYS = (
    "inner_lr",
    "inner_steps",
    "test_inner_lr",
    "test_inner_steps",
    "first_order_steps",
    "multi_step_loss_steps",
    "statistics",
    "tasks_per_chunk",
)

# Keys that an evaluation may change, since they do not affect the trained weights.
SETTINGS_AT_TEST = (
    "backend",
    "test_inner_lr",
    "test_inner_steps",
    "statistics",
    "tasks_per_chunk",
)


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class TrainConfig:
    """The recipe of a training run. `shot` and `query` count images per class."""

    learner: str
    dataset: str
    backbone: str
    width: Count
    way: Count
    shot: Count
    query: Count
    # The number of updates of the network. A time limit may stop the run earlier.
    steps: Count
    # The learning rate of Adam, the optimiser of every recipe.
    lr: Positive
    # The number of episodes in each step.
    meta_batch_size: Count = 1
    lr_schedule: Literal["steps", "cosine"] = "steps"
    # Schedule "steps": after every `lr_step` steps, lr is multiplied by `lr_decay`.
    lr_decay: Annotated[float, Field(gt=0, le=1)] = 1.0
    lr_step: Count = 1000
    # Schedule "cosine": lr falls along a cosine to `lr_min` at step `steps`.
    lr_min: Annotated[float, Field(ge=0)] = 0.0
    # Elements of the gradient are clipped to -clip_value..clip_value; None: no limit.
    clip_value: Positive | None = None
    # The norm of the whole gradient is clipped to clip_norm; None: no limit.
    clip_norm: Positive | None = None
    # The scores in ProtoNet's training loss are divided by it.
    temperature: Positive = 1.0
    backend: Literal["native", "learn2learn", "higher"] = "native"

    # The keys from here to `tasks_per_chunk` are only for the learners in ADAPTING.
    # Their inner loop is gradient descent on the mean cross-entropy.
    inner_lr: Positive = 0.1
    inner_steps: Count = 1
    # The two values for evaluations; None: the same as in training.
    test_inner_lr: Positive | None = None
    test_inner_steps: Count | None = None
    # Before this training step, only first-order derivatives are used (MAML++).
    first_order_steps: CountOrZero = 0
    # Before this training step, the loss after every inner step counts (MAML++).
    multi_step_loss_steps: CountOrZero = 0
    # The images from which batch norm takes its statistics at test.
    statistics: Literal["query", "support", "image"] = "query"
    # The number of tasks that are held in memory at once.
    tasks_per_chunk: Count | Literal["auto"] = "auto"

    # Whether rotated images form additional classes, in training and in validation.
    rotations: bool = False
    train_splits: Literal["train", "train+val"] = "train"
    val_way: Count = 5
    val_shot: Count = 1
    val_query: Count = 15
    val_episodes: Count = 600
    # The number of steps between two validations. Each validation writes a checkpoint.
    validate_every: Count = 500
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0

    @property
    def train_spec(self) -> EpisodeSpec:
        """The numbers of classes and images in a training episode."""
        return EpisodeSpec(self.way, self.shot, self.query)

    @property
    def val_spec(self) -> EpisodeSpec:
        """The numbers of classes and images in a validation episode."""
        return EpisodeSpec(self.val_way, self.val_shot, self.val_query)

    def flat(self) -> dict[str, Any]:
        """Return the recipe as a dict, which checkpoints and results store."""
        return asdict(self)  # pyright: ignore[reportArgumentType] - pydantic's is a dataclass too


def learner_card(config: TrainConfig, device: torch.device) -> LearnerCard:
    """Return the facts that results record about a learner made from this recipe.

    The name contains the backend unless it is native, such as "maml-higher".
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


def recipes() -> dict[str, Path]:
    """Return the paths of the recipes that come with fewbench, by name."""
    paths = sorted(_RECIPES.glob("*.toml"))
    return {path.stem: path for path in paths}


def load_recipe(name_or_path: str, settings: Sequence[str] = ()) -> TrainConfig:
    """Read a recipe.

    name_or_path: a recipe that comes with fewbench, or the path of a .toml file
    settings: texts `key=value`, with values in TOML, that replace values of the recipe
    Raises BaselineError if the recipe is unknown or damaged, a key is unknown, or a
    value is not allowed.
    """
    path = _recipe_path(name_or_path)
    try:
        values = parse_toml(read_bytes(path))
    except (OSError, ValueError) as error:
        raise BaselineError(
            f"{path}: cannot be read as a TOML recipe: {error}. Correct the file, or "
            f"choose a recipe that comes with fewbench. To list them, type: fewbench "
            f"recipes"
        ) from error
    changes = parse_settings(settings)
    config = parse_config(values | changes, str(path))
    refuse_settings_without_effect(changes, config.learner)
    return config


def parse_config(values: dict[str, Any], where: str) -> TrainConfig:
    """Check the values of a recipe, and return them as a TrainConfig.

    values: the values of the recipe, by key
    where: the file with the values, for the error message
    Raises BaselineError, which names every wrong key, if a key or value is wrong.
    """
    try:
        return TypeAdapter(TrainConfig).validate_python(values)
    except ValidationError as error:
        faults: list[str] = []
        for fault in error.errors():
            key = shown(".".join(str(part) for part in fault["loc"]))
            faults.append(f"{key}: {fault['msg']}")
        keys = [field.name for field in fields(TrainConfig)]  # pyright: ignore[reportArgumentType]
        raise BaselineError(
            f"{where}: wrong keys or values in the recipe: {'; '.join(faults)}. "
            f"Correct them. All keys: {', '.join(keys)}."
        ) from None


def parse_settings(
    settings: Sequence[str], allowed: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the values in texts `key=value`, by key.

    allowed: the keys that may be set; empty if every key may be set
    Raises BaselineError if a key is not allowed or a text has no "=".
    """
    values: dict[str, Any] = {}
    for text in settings:
        key, value = _parse_setting(text)
        values[key] = value
    for key in sorted(values):
        if allowed and key not in allowed:
            raise BaselineError(
                f"--set {key}=...: cannot change {key}, because the weights are "
                f"trained already: expected one of {', '.join(allowed)}. Omit this "
                f"setting."
            )
    return values


def refuse_settings_without_effect(changes: Collection[str], learner: str) -> None:
    """Raise BaselineError if a changed key has no effect on the learner.

    Otherwise the result would record a value that was never used.
    """
    keys_without_effect = ADAPTING_KEYS
    if learner in ADAPTING:
        keys_without_effect = ("temperature",)
    for key in sorted(changes):
        if key in keys_without_effect:
            raise BaselineError(
                f"--set {key}=...: {key} has no effect on {learner}. Omit this setting."
            )


def _recipe_path(name_or_path: str) -> Path:
    path = Path(name_or_path)
    if path.suffix == ".toml":
        return path
    try:
        return pick("recipe", name_or_path, recipes(), see="fewbench recipes")
    except DataError as error:
        raise BaselineError(
            f"recipe {name_or_path}: expected the path of a .toml file, or a recipe "
            f"that comes with fewbench: {error}"
        ) from None


def _parse_setting(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals:
        raise BaselineError(
            f"--set {text}: expected key=value, got no '='. Write for instance: --set "
            f"lr=0.0005"
        )
    try:
        line = f"value = {value}"
        parsed = parse_toml(line.encode("utf-8", "surrogateescape"))["value"]
    except DocumentError:
        # Not TOML: a word without quotes, such as backend=higher.
        parsed = value.strip()
    return key.strip(), parsed
