"""Recipes: TOML files with every hyper-parameter of a training run and its source."""

import tomllib
from collections.abc import Collection, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

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

# Keys that have an effect on those learners only.
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

# Keys that an evaluation may set anew, since they leave the trained weights as they are.
SETTINGS_AT_TEST = (
    "backend",
    "test_inner_lr",
    "test_inner_steps",
    "statistics",
    "tasks_per_chunk",
)


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class TrainConfig:
    """The recipe of a training run. `shot` and `query` are images per class."""

    learner: str
    dataset: str
    backbone: str
    width: Count
    way: Count
    shot: Count
    query: Count
    # Updates of the network. A time budget may stop the run earlier.
    steps: Count
    # The learning rate of Adam, which every recipe uses.
    lr: Positive
    # Episodes of one step.
    meta_batch_size: Count = 1
    lr_schedule: Literal["steps", "cosine"] = "steps"
    # Schedule "steps": after every `lr_step` steps, lr is multiplied by `lr_decay`.
    lr_decay: Annotated[float, Field(gt=0, le=1)] = 1.0
    lr_step: Count = 1000
    # Schedule "cosine": lr falls to `lr_min` at the last of `steps`.
    lr_min: Annotated[float, Field(ge=0)] = 0.0
    # Each element of the gradient is clipped to plus or minus this.
    clip_value: Positive | None = None
    # The norm of the whole gradient is clipped to this.
    clip_norm: Positive | None = None
    # Divides the scores in ProtoNet's training loss.
    temperature: Positive = 1.0
    backend: Literal["native", "learn2learn", "higher"] = "native"

    # From here to `tasks_per_chunk`: only for learners that adapt, see MAML.
    # The loss of the inner loop is the mean cross-entropy.
    inner_lr: Positive = 0.1
    inner_steps: Count = 1
    # None: as in training.
    test_inner_lr: Positive | None = None
    test_inner_steps: Count | None = None
    # Until this step of the training, derivatives are of first order (MAML++).
    first_order_steps: CountOrZero = 0
    # Until this step of the training, the loss after each inner step counts (MAML++).
    multi_step_loss_steps: CountOrZero = 0
    # The images whose statistics batch norm uses at test.
    statistics: Literal["query", "support", "image"] = "query"
    # Tasks that are held in memory at once.
    tasks_per_chunk: Count | Literal["auto"] = "auto"

    # Whether rotated characters are further classes, in training and in validation.
    rotations: bool = False
    train_splits: Literal["train", "train+val"] = "train"
    val_way: Count = 5
    val_shot: Count = 1
    val_query: Count = 15
    val_episodes: Count = 600
    # Steps between two validations, and so between two checkpoints.
    validate_every: Count = 500
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0

    @property
    def train_spec(self) -> EpisodeSpec:
        """The shape of a training episode."""
        return EpisodeSpec(self.way, self.shot, self.query)

    @property
    def val_spec(self) -> EpisodeSpec:
        """The shape of a validation episode."""
        return EpisodeSpec(self.val_way, self.val_shot, self.val_query)

    def flat(self) -> dict[str, Any]:
        """Plain values by key, as checkpoints and results record them."""
        return asdict(self)  # pyright: ignore[reportArgumentType] - pydantic's is a dataclass too


def learner_card(config: TrainConfig, device: torch.device) -> LearnerCard:
    """The card of a learner made from this recipe. Its name tells a foreign backend."""
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
    """The recipes that come with fewbench, by name."""
    paths = sorted(_RECIPES.glob("*.toml"))
    return {path.stem: path for path in paths}


def load_recipe(name_or_path: str, settings: Sequence[str] = ()) -> TrainConfig:
    """Read a recipe by name or path.

    settings: `key=value` with TOML values, in place of the recipe's
    Raises BaselineError for an unknown recipe or key, a value out of range, or a damaged
    file.
    """
    path = _recipe_path(name_or_path)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BaselineError(
            f"{path}: cannot be read as a TOML recipe: {error}. List those that come with "
            f"fewbench: fewbench recipes"
        ) from error
    changes = parse_settings(settings)
    config = parse_config(values | changes, str(path))
    refuse_settings_without_effect(changes, config.learner)
    return config


def parse_config(values: dict[str, Any], where: str) -> TrainConfig:
    """Check plain values against TrainConfig.

    where: the file that they come from, for the message
    Raises BaselineError that names each wrong key.
    """
    try:
        return TypeAdapter(TrainConfig).validate_python(values)
    except ValidationError as error:
        faults: list[str] = []
        for fault in error.errors():
            key = ".".join(str(part) for part in fault["loc"])
            faults.append(f"{key}: {fault['msg']}")
        keys = [field.name for field in fields(TrainConfig)]  # pyright: ignore[reportArgumentType]
        raise BaselineError(
            f"{where}: {'; '.join(faults)}. Keys: {', '.join(keys)}."
        ) from None


def parse_settings(
    settings: Sequence[str], allowed: Sequence[str] = ()
) -> dict[str, Any]:
    """Values by key from texts `key=value`.

    allowed: the only keys that may be set; empty: all
    Raises BaselineError for any other key, and for a text without "=".
    """
    values: dict[str, Any] = {}
    for text in settings:
        key, value = _parse_setting(text)
        values[key] = value
    for key in sorted(values):
        if allowed and key not in allowed:
            raise BaselineError(
                f"--set {key}=...: cannot change it, since the weights are trained "
                f"already. An evaluation can set: {', '.join(allowed)}."
            )
    return values


def refuse_settings_without_effect(changes: Collection[str], learner: str) -> None:
    """Raises BaselineError for a setting that would be recorded but change nothing."""
    keys_without_effect = ADAPTING_KEYS
    if learner in ADAPTING:
        keys_without_effect = ("temperature",)
    for key in sorted(changes):
        if key in keys_without_effect:
            raise BaselineError(
                f"--set {key}=...: {key} has no effect on {learner}. Omit it."
            )


def _recipe_path(name_or_path: str) -> Path:
    path = Path(name_or_path)
    if path.suffix == ".toml":
        return path
    try:
        return pick("recipe", name_or_path, recipes(), see="fewbench recipes")
    except DataError as error:
        raise BaselineError(
            f"recipe {name_or_path}: expected the path of a .toml file or a known recipe: "
            f"{error}"
        ) from None


def _parse_setting(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals:
        raise BaselineError(
            f"--set {text}: expected key=value, for instance --set lr=0.0005"
        )
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        # A word without quotes.
        parsed = value.strip()
    return key.strip(), parsed
