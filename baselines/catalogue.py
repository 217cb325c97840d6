"""The learners that fewbench knows: how each is made afresh, and loaded when trained."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch

from fewbench.files import file_digest

from .backbones import Shape
from .checkpoints import load_checkpoint, weights_digest
from .config import (
    SETTINGS_AT_TEST,
    TrainConfig,
    parse_config,
    parse_settings,
    refuse_settings_without_effect,
)
from .gradient import maml
from .learner import BaselineError, Learner, TrainingData
from .libraries import LIBRARIES
from .metric import centroid, protonet, protonet_learn2learn
from .optimizer_state import weights_of

# The learner is a TrainedLearner, and an EmbeddingLearner or TaskLearner as well. Python
# has no type for "both of these", hence Any.
Make = Callable[[TrainConfig, Shape, torch.device], Any]

# Learners that are trained, by the name that recipes use.
BASELINES: dict[str, Make] = {
    "protonet": protonet.make,
    "maml": maml.make,
    "fomaml": maml.make,
    "anil": maml.make,
}

# Learners that are another class on another backend, by (learner, backend).
BASELINES_ON_BACKENDS: dict[tuple[str, str], Make] = {
    ("protonet", "learn2learn"): protonet_learn2learn.make,
}

# Backend -> the learners that it can run.
BACKENDS: dict[str, tuple[str, ...]] = {"native": tuple(BASELINES), **LIBRARIES}

# Learners that need no training.
UNTRAINED: dict[str, Callable[[torch.device], Learner]] = {"centroid": centroid.make}


def make_learner(
    config: TrainConfig,
    image_shape: Shape,
    device: torch.device,
) -> Any:
    """A fresh learner whose weights depend on config.seed alone.

    Raises BaselineError for an unknown learner, or a backend that cannot run it.
    """
    make = _find_make(config)
    # Weights are drawn on the CPU, so only its generator is forked.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        return make(config, image_shape, device)


def load_learner(
    name: str,
    device: torch.device,
    precision: str = "fp32",
    settings: Sequence[str] = (),
) -> Learner:
    """A learner by name (`centroid`), or from a checkpoint or the folder of a training run.

    settings: `key=value` for the keys in SETTINGS_AT_TEST, in place of the recipe's
    Raises BaselineError that says what can be loaded.
    """
    changes = parse_settings(settings, SETTINGS_AT_TEST)
    if name in UNTRAINED:
        if changes:
            raise BaselineError(
                f"{name}: nothing can be set for it, since no recipe trained it: got "
                f"{', '.join(changes)}. Omit it"
            )
        return UNTRAINED[name](device)
    path = _checkpoint_path(name)
    tensors, card = load_checkpoint(path)
    try:
        values = {**card["config"], **changes, "precision": precision}
        config = parse_config(values, str(path))
        refuse_settings_without_effect(changes, config.learner)
        learner = make_learner(config, tuple(card["image_shape"]), device)
        weights = weights_of(tensors)
        learner.network.load_state_dict(weights)
        recipe = _recipe_of(config, card)
        trained_on = _training_data(config, card)
    except (KeyError, TypeError, RuntimeError) as error:
        raise BaselineError(
            f"{path}: the weights do not match the card stored with them ({error!r:.200}). "
            f"Train it again: fewbench train --recipe NAME --out DIR"
        ) from error
    if "test_inner_steps" in changes and isinstance(learner, maml.MAML):
        learner.keep_steps()
    sha256 = file_digest(path, "sha256")
    learner.card = replace(
        learner.card,
        recipe=recipe,
        checkpoint_sha256=sha256,
        trained_on=trained_on,
        from_scratch=True,
        weights_sha256=weights_digest(weights),
    )
    return learner


def _find_make(config: TrainConfig) -> Make:
    learner, backend = config.learner, config.backend
    if learner not in BASELINES:
        raise BaselineError(
            f"recipe: unknown learner: expected one of {', '.join(BASELINES)}, got "
            f"'{learner}'."
        )
    able = [other for other, learners in BACKENDS.items() if learner in learners]
    if backend != "native" and backend not in able:
        raise BaselineError(
            f"--backend {backend}: cannot run {learner}. Backends that can: "
            f"{', '.join(able)}."
        )
    return BASELINES_ON_BACKENDS.get((learner, backend), BASELINES[learner])


def _recipe_of(config: TrainConfig, card: dict[str, Any]) -> dict[str, Any]:
    """The recipe as results record it, with facts of the training run."""
    recipe = config.flat()
    recipe["trained_steps"] = card["step"]
    recipe["trained_seconds"] = round(card["seconds"], 1)
    # The recipe's own precision is now that of the test.
    recipe["trained_precision"] = card["config"]["precision"]
    return recipe


def _training_data(config: TrainConfig, card: dict[str, Any]) -> TrainingData:
    fingerprints = card.get("data_fingerprint", ())
    return TrainingData(
        dataset=config.dataset,
        splits=tuple(config.train_splits.split("+")),
        fingerprints=tuple(map(str, fingerprints)),
    )


def _checkpoint_path(name: str) -> Path:
    path = Path(name)
    if path.is_dir():
        return _checkpoint_in(path)
    if path.exists():
        return path
    hint = ""
    if name in BASELINES:
        hint = f" {name} must be trained first: fewbench train --recipe NAME --out DIR"
    near = get_close_matches(name, UNTRAINED, n=1)
    if near:
        hint = f" Did you mean '{near[0]}'?"
    raise BaselineError(
        f"'{name}': no such learner: expected a learner that needs no training "
        f"({', '.join(UNTRAINED)}), a checkpoint, or the folder of a training run.{hint}"
    )


def _checkpoint_in(folder: Path) -> Path:
    for file_name in ("best.safetensors", "last.safetensors"):
        candidate = folder / file_name
        if candidate.exists():
            return candidate
    raise BaselineError(
        f"{folder}: holds no checkpoint of a training run: expected best.safetensors or "
        f"last.safetensors. Train one: fewbench train --recipe NAME --out {folder}"
    )
