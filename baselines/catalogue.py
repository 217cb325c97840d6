"""TODO docstring of fewbench.baselines.catalogue."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch

from .checkpoints import checkpoint_sha256, load_checkpoint
from .config import AT_TEST, TrainConfig, override, parse_config, refuse_idle
from .gradient import maml
from .learner import BaselineError, Learner
from .libraries import LIBRARIES
from .metric import centroid, protonet
from .optimizer_state import weights_of

Make = Callable[[TrainConfig, tuple[int, int, int], torch.device], Any]


# Learners that are trained, by the name that recipes use.
BASELINES: dict[str, Make] = {
    "protonet": protonet.make,
    "maml": maml.make,
    "fomaml": maml.make,
    "anil": maml.make,
}


# Who runs which of them.
BACKENDS: dict[str, tuple[str, ...]] = {"native": tuple(BASELINES), **LIBRARIES}


# `centroid` needs no training.
UNTRAINED: dict[str, Callable[[torch.device], Learner]] = {"centroid": centroid.make}


def make_learner(
    config: TrainConfig, image_shape: tuple[int, int, int], device: torch.device
) -> Any:
    """A fresh learner whose weights depend on config.seed alone."""
    if config.learner not in BASELINES:
        raise BaselineError(
            f"unknown learner '{config.learner}' in the recipe. Known: {', '.join(BASELINES)}."
        )
    if config.backend != "native" and config.learner not in LIBRARIES[config.backend]:
        able = [
            name for name, learners in BACKENDS.items() if config.learner in learners
        ]
        raise BaselineError(
            f"--backend {config.backend} has no {config.learner}. Backends that have: "
            f"{', '.join(able)}."
        )
    with torch.random.fork_rng(devices=[]):  # weights are drawn on the CPU
        torch.manual_seed(config.seed)
        return BASELINES[config.learner](config, image_shape, device)


def load_learner(
    name: str,
    device: torch.device,
    precision: str = "fp32",
    settings: Sequence[str] = (),
) -> Learner:
    """A learner by name (`centroid`), or from a checkpoint or the folder of a training run.

    settings: `key=value` of what a recipe says about the test: see AT_TEST
    Raises BaselineError with what can be given.
    """
    changes = override(settings, AT_TEST)
    if name in UNTRAINED:
        if changes:
            raise BaselineError(
                f"{name} is not trained by a recipe: nothing can be set for it."
            )
        return UNTRAINED[name](device)
    path = _checkpoint_path(name)
    tensors, card = load_checkpoint(path)
    try:
        values = {**card["config"], **changes, "precision": precision}
        config = parse_config(values, str(path))
        refuse_idle(changes, config.learner)
        learner = make_learner(config, tuple(card["image_shape"]), device)
        learner.network.load_state_dict(weights_of(tensors))
        if "test_inner_steps" in changes and isinstance(learner, maml.MAML):
            learner.choose_steps()
        recipe = {**config.flat(), "trained_steps": card["step"]}
        recipe["trained_seconds"] = round(card["seconds"], 1)
        recipe["trained_precision"] = card["config"][
            "precision"
        ]  # that of the test is another
    except (KeyError, TypeError, RuntimeError) as error:
        raise BaselineError(
            f"{path}: weights and card do not fit each other ({error!r:.200}). Train it again."
        ) from error
    learner.card = replace(
        learner.card, recipe=recipe, checkpoint_sha256=checkpoint_sha256(path)
    )
    return learner


def _checkpoint_path(name: str) -> Path:
    path = Path(name)
    if path.is_dir():
        for candidate in (path / "best.safetensors", path / "last.safetensors"):
            if candidate.exists():
                return candidate
        raise BaselineError(f"{path}: holds no checkpoint of a training run.")
    if path.exists():
        return path
    untrained = ", ".join(UNTRAINED)
    trained = " (train it first: fewbench train --recipe NAME --out DIR)" * (
        name in BASELINES
    )
    near = get_close_matches(name, UNTRAINED, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise BaselineError(
        f"'{name}' is neither a learner that needs no training ({untrained}) nor a checkpoint or "
        f"the folder of a training run{trained}.{hint}"
    )
