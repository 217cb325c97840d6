"""Make the learners of fewbench with new weights, or load trained learners."""

import hashlib
import shlex
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch

from fewbench.documents import shown

from .backbones import Shape
from .checkpoints import Card, parse_checkpoint, read_checkpoint, weights_digest
from .config import TrainConfig
from .families import BASELINES, class_on_backend, learner_class
from .learner import BaselineError, Learner, TrainingData
from .metric import centroid
from .optimizer_state import weights_of
from .own_code import OwnKey, changed_sources, source_hashes
from .recipe_files import (
    parse_config,
    refuse_settings_without_effect,
)
from .settings import parse_settings


class OtherCodeWarning(UserWarning):
    """The user's code differs from the code that trained a learner."""


# How to make each learner that needs no training, by its name.
UNTRAINED: dict[str, Callable[[torch.device], Learner]] = {"centroid": centroid.make}


def make_learner(
    config: TrainConfig,
    image_shape: Shape,
    device: torch.device,
) -> Any:
    """Make a learner with new weights, which depend on config.seed alone.

    image_shape: (H, W, C)
    Raises BaselineError if the learner is unknown, or if the backend or the precision
    cannot be used with it.
    """
    kind = class_on_backend(config.learner, config.backend)
    if config.precision not in ("auto", *kind.precisions):
        raise BaselineError(
            f"--precision {config.precision}: cannot be used with {config.learner}: "
            f"expected one of {', '.join(kind.precisions)}. Use --precision auto"
        )
    # Weights are drawn on the CPU, so only its generator is forked.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        return kind.make(config, image_shape, device)


def load_learner(
    name: str,
    device: torch.device,
    precision: str = "fp32",
    settings: Sequence[str] = (),
) -> Learner:
    """Load a learner for an evaluation.

    name: a learner that needs no training (`centroid`), the path of a checkpoint, or
        the folder of a training run
    precision: "fp32" or "bf16"
    settings: texts `key=value` that replace values of the recipe; only the backend and
        the learner's `settings_at_test` are allowed
    Raises BaselineError if `name` cannot be loaded or a setting cannot be changed.
    """
    if name in UNTRAINED:
        if settings:
            raise BaselineError(
                f"{name}: nothing can be set, because this learner has no recipe: "
                f"expected no settings, got {', '.join(settings)}. Omit the settings."
            )
        return UNTRAINED[name](device)
    path = _checkpoint_path(name)
    data = read_checkpoint(path)
    tensors, card = parse_checkpoint(path, data)
    try:
        config, changes = _config_at_test(card, str(path), precision, settings)
        learner = make_learner(config, card.image_shape, device)
        weights = weights_of(tensors)
        learner.network.load_state_dict(weights)
        facts = _facts_of_training(config, card)
    except (KeyError, TypeError, RuntimeError) as error:
        raise BaselineError(
            f"{path}: damaged checkpoint: the weights do not match the recipe that is "
            f"stored with them ({error!r:.200}). Train the learner again: fewbench "
            f"train --recipe NAME --out DIR"
        ) from error
    own_code = source_hashes(config.flat())
    _warn_of_other_code(path, config, card.own_code, own_code)
    for key, sha256 in own_code.items():
        facts["recipe"][f"{key}_sha256"] = sha256
    learner.chosen_at_test(changes)
    learner.card = replace(
        learner.card,
        checkpoint_sha256=hashlib.sha256(data).hexdigest(),
        weights_sha256=weights_digest(weights),
        image_shape=card.image_shape,
        **facts,
    )
    return learner


def _warn_of_other_code(
    path: Path,
    config: TrainConfig,
    saved: Mapping[OwnKey, str],
    current: Mapping[str, str],
) -> None:
    """Warn if the user's code is not the code that trained the learner.

    This is no error, since the change may be elsewhere in the file. The result records the
    code that answered.
    """
    for key in changed_sources(saved, current):
        name = getattr(config, key)
        expected = shown(saved[key])[:12]
        got = current.get(key, "none")[:12]
        words = (
            f"{path}: the file of the {key} {name} changed after the training: expected "
            f"sha256 {expected}, got {got}. If the change touches the network, restore the "
            f"file or train again"
        )
        warnings.warn(words, OtherCodeWarning, stacklevel=3)


def _config_at_test(
    card: Card,
    where: str,
    precision: str,
    settings: Sequence[str],
) -> tuple[TrainConfig, dict[str, Any]]:
    """Apply the user's settings to the recipe of a checkpoint.

    Return the changed recipe, and the user's settings: key -> value.
    """
    saved = parse_config(card.config, where, from_checkpoint=True)
    kind = learner_class(saved.learner, search_here=False)
    refuse_settings_without_effect(parse_settings(settings), saved.learner)
    changes = parse_settings(settings, ("backend", *kind.settings_at_test))
    values = {**saved.flat(), **changes, "precision": precision}
    return parse_config(values, where, from_checkpoint=True), changes


def _facts_of_training(config: TrainConfig, card: Card) -> dict[str, Any]:
    """Return the fields of a `LearnerCard` that describe the training."""
    return {
        "recipe": _recipe_of(config, card),
        "trained_on": _training_data(config, card),
        "from_scratch": True,
    }


def _recipe_of(config: TrainConfig, card: Card) -> dict[str, Any]:
    """Return the recipe for the result file, with the training's steps and seconds."""
    recipe = config.flat()
    recipe["trained_steps"] = card.step
    recipe["trained_seconds"] = round(card.seconds, 1)
    # In `config`, the precision of training is replaced by the precision of the test.
    recipe["trained_precision"] = card.config["precision"]
    return recipe


def _training_data(config: TrainConfig, card: Card) -> TrainingData:
    return TrainingData(
        dataset=config.dataset,
        splits=tuple(config.train_splits.split("+")),
        fingerprints=tuple(card.data_fingerprint),
    )


def _checkpoint_path(name: str) -> Path:
    path = Path(name)
    if path.is_dir():
        return _checkpoint_in(path)
    if path.exists():
        return path
    hint = " Train a learner: fewbench train --recipe NAME --out DIR"
    if name in BASELINES:
        hint = f" {name} must be trained first: fewbench train --recipe NAME --out DIR"
    near = get_close_matches(name, UNTRAINED, n=1)
    if near:
        hint = f" Did you mean '{near[0]}'?"
    raise BaselineError(
        f"'{name}': no such learner: expected a learner that needs no training "
        f"({', '.join(UNTRAINED)}), the path of a checkpoint, or the folder of a "
        f"training run.{hint}"
    )


def _checkpoint_in(folder: Path) -> Path:
    for file_name in ("best.safetensors", "last.safetensors"):
        candidate = folder / file_name
        if candidate.exists():
            return candidate
    raise BaselineError(
        f"{folder}: holds no checkpoint: expected the file best.safetensors or "
        f"last.safetensors of a training run, got neither. Train a learner: "
        f"fewbench train --recipe NAME --out {shlex.quote(str(folder))}"
    )
