"""Recipes: every hyper-parameter of a training run, with its source, as a TOML file."""

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
Positive = Annotated[float, Field(gt=0)]
# Learners that adapt to a task by gradient descent, and the keys that concern only them.
ADAPTING = ("maml", "fomaml", "anil")
ADAPTING_KEYS = (
    *(
        "inner_lr",
        "inner_steps",
        "test_inner_lr",
        "test_inner_steps",
        "first_order_steps",
    ),
    *("multi_step_loss_steps", "statistics", "tasks_per_chunk"),
)
# What may be set anew for an evaluation: the weights stay what they are.
AT_TEST = (
    "backend",
    "test_inner_lr",
    "test_inner_steps",
    "statistics",
    "tasks_per_chunk",
)


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class TrainConfig:
    """A training run. Counts of `shot` and `query` are per class."""

    learner: str
    dataset: str
    backbone: str
    width: Count
    way: Count
    shot: Count
    query: Count
    steps: Count  # updates of the network; stop after them, if no time budget stops earlier
    lr: Positive  # of Adam, which every recipe uses
    meta_batch_size: Count = 1  # episodes of one step
    lr_schedule: Literal["steps", "cosine"] = "steps"
    lr_decay: Annotated[float, Field(gt=0, le=1)] = 1.0  # "steps": factor on lr ...
    lr_step: Count = 1000  # ... after every so many steps
    lr_min: Annotated[float, Field(ge=0)] = (
        0.0  # "cosine": reached at the last of `steps`
    )
    clip_value: Positive | None = None  # each element of the gradient, at ± this
    clip_norm: Positive | None = None  # the whole gradient
    temperature: Positive = 1.0  # of the training loss, see ProtoNet
    backend: Literal["native", "learn2learn", "higher"] = "native"
    # Gradient-based learners, see MAML. Loss of the inner loop: mean cross-entropy.
    inner_lr: Positive = 0.1
    inner_steps: Count = 1
    test_inner_lr: Positive | None = None  # None: as in training
    test_inner_steps: Count | None = None
    first_order_steps: Annotated[int, Field(ge=0)] = (
        0  # first order until this step (MAML++)
    )
    multi_step_loss_steps: Annotated[int, Field(ge=0)] = (
        0  # losses after each inner step, until
    )
    statistics: Literal["query", "support", "image"] = "query"  # of batch norm at test
    tasks_per_chunk: Count | Literal["auto"] = "auto"  # tasks that are held at once
    rotations: bool = (
        False  # rotated characters are further classes, in training and validation
    )
    train_splits: Literal["train", "train+val"] = "train"
    val_way: Count = 5
    val_shot: Count = 1
    val_query: Count = 15
    val_episodes: Count = 600
    validate_every: Count = 500  # also the distance between checkpoints
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0

    @property
    def train_spec(self) -> EpisodeSpec:
        """Shape of a training episode."""
        return EpisodeSpec(self.way, self.shot, self.query)

    @property
    def val_spec(self) -> EpisodeSpec:
        """Shape of a validation episode."""
        return EpisodeSpec(self.val_way, self.val_shot, self.val_query)

    def flat(self) -> dict[str, Any]:
        """Plain values by name, as they are recorded."""
        return asdict(self)  # pyright: ignore[reportArgumentType] - pydantic's is a dataclass too


def learner_card(config: TrainConfig, device: torch.device) -> LearnerCard:
    """What results say of a learner that the recipe describes; another backend is in its name."""
    backend = "" if config.backend == "native" else f"-{config.backend}"
    return LearnerCard(
        name=config.learner + backend,
        backbone=f"{config.backbone}-{config.width}",
        precision=config.precision,
        device=device.type,
        train_seed=config.seed,
        recipe=config.flat(),
    )


def recipes() -> dict[str, Path]:
    """The recipes that come with fewbench, by name."""
    return {path.stem: path for path in sorted(_RECIPES.glob("*.toml"))}


def load_recipe(name_or_path: str, overrides: Sequence[str] = ()) -> TrainConfig:
    """Read a recipe by name or path; `overrides` are `key=value` with TOML values.

    Raises BaselineError for an unknown key, a value out of range, or a damaged file.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        try:
            path = pick("recipe", name_or_path, recipes())
        except DataError as error:
            raise BaselineError(f"{error} Or give the path of a .toml file.") from None
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BaselineError(
            f"{path}: cannot be read as a TOML recipe: {error}"
        ) from error
    changes = override(overrides)
    values |= changes
    config = parse_config(values, str(path))
    refuse_idle(changes, config.learner)
    return config


def parse_config(values: dict[str, Any], where: str) -> TrainConfig:
    """Check plain values against TrainConfig. Raises BaselineError naming each wrong key."""
    try:
        return TypeAdapter(TrainConfig).validate_python(values)
    except ValidationError as error:
        known = ", ".join(field.name for field in fields(TrainConfig))  # pyright: ignore[reportArgumentType]
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
            for fault in error.errors()
        )
        raise BaselineError(f"{where}: {faults}. Keys: {known}.") from None


def refuse_idle(changes: Collection[str], learner: str) -> None:
    """Raises BaselineError for a setting that would be recorded without having any effect."""
    idle = ("temperature",) if learner in ADAPTING else ADAPTING_KEYS
    wrong = sorted(set(changes) & set(idle))
    if wrong:
        raise BaselineError(f"{wrong[0]} has no effect on {learner}: leave it out.")


def override(settings: Sequence[str], allowed: Sequence[str] = ()) -> dict[str, Any]:
    """Values by key from texts `key=value`. Raises BaselineError for keys not `allowed`."""
    values = dict(_parse_override(text) for text in settings)
    wrong = sorted(values.keys() - set(allowed)) if allowed else []
    if wrong:
        raise BaselineError(
            f"--set {wrong[0]}=...: the weights are trained; what can be set for an evaluation: "
            f"{', '.join(allowed)}."
        )
    return values


def _parse_override(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals:
        raise BaselineError(
            f"--set {text}: expected key=value, for instance --set lr=0.0005"
        )
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key.strip(), value.strip()  # a word without quotes
