"""Make a learner with weights that others trained."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from fewbench.documents import shown

from ..backbones import BACKBONES, Shape, n_features
from ..catalogue import make_learner
from ..checkpoints import weights_digest
from ..config import TrainConfig
from ..families import class_on_backend
from ..learner import BaselineError, LearnerCard, WeightsFile
from ..recipe_files import parse_config, refuse_settings_without_effect
from ..settings import parse_settings
from ..trained_learner import TrainedLearner
from .choice import WeightsChoice, settled
from .filling import Filling
from .layers import slots_of
from .left_out import kept_tensors
from .matching import Match, Matcher
from .tensor_file import TensorFile, parse_tensors, read_weights
from .tensorflow_files import FINN2017_SHA256, parse_finn2017

# The name of a result may have 80 characters.
_LONGEST_STEM = 40


@dataclass(frozen=True)
class _Source:
    """A file of weights, and what is known about it.

    known: the choice of a file that fewbench knows
    settings: the settings of its learner, by key
    name: the name of the weights in tables
    """

    file: TensorFile
    name: str
    known: WeightsChoice | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


def load_weights(
    path: Path,
    image_shape: Shape,
    choice: WeightsChoice,
    device: torch.device,
    precision: str = "fp32",
    settings: Sequence[str] = (),
) -> TrainedLearner:
    """Make a learner with the weights in a file.

    image_shape: (H, W, C) of the images that it will see
    precision: "fp32" or "bf16"
    settings: texts `key=value`: backend, eps (of the batch norm) and, for MAML, inner_lr,
        inner_steps and what an evaluation of MAML may change
    Raises BaselineError if the file cannot be read safely, if its tensors do not fit the
    network without doubt, or if a choice or a setting cannot be used.
    """
    source = _open(path)
    choice = settled(choice, source.file.name, source.known)
    changes = _changes(source, choice, settings)
    config = _config(
        source.file, choice, image_shape, {**changes, "precision": precision}
    )
    learner = make_learner(config, image_shape, device)
    _set_eps(learner.network, changes.get("eps"))
    weights = _fill(learner.network, source.file, choice)
    if source.known is not None:
        weights = replace(weights, matched_by="known offsets")
    learner.chosen_at_test(parse_settings(settings))
    learner.card = _card(learner.card, source, weights, image_shape, changes)
    if choice.drop:
        dropped = {"weights_dropped": " ".join(choice.drop)}
        learner.card = replace(learner.card, recipe=learner.card.recipe | dropped)
    digest = weights_digest(learner.network.state_dict())
    learner.card = replace(learner.card, weights_sha256=digest)
    return learner


def _open(path: Path) -> _Source:
    data = read_weights(path)
    if hashlib.sha256(data).hexdigest() == FINN2017_SHA256:
        tensors = parse_finn2017(data)
        return _Source(
            TensorFile(shown(path.name), FINN2017_SHA256, tensors, keeps_order=True),
            name="finn2017",
            known=WeightsChoice("conv4", 32, "maml"),
            # The authors' 0.01 for a sum over 5 classes is 0.05 for the mean.
            settings={"inner_lr": 0.05, "inner_steps": 5, "test_inner_steps": 10},
        )
    file = parse_tensors(path, data)
    return _Source(file, name=shown(path.stem)[:_LONGEST_STEM].strip())


def _changes(
    source: _Source,
    choice: WeightsChoice,
    settings: Sequence[str],
) -> dict[str, Any]:
    """Return the settings of the learner by key: those of a known file, then the user's."""
    head = str(choice.head)
    kind = class_on_backend(head, "native")
    allowed = ["backend", "eps", *kind.settings_at_test]
    if head == "maml":
        allowed += ["inner_lr", "inner_steps"]
    refuse_settings_without_effect(parse_settings(settings), head)
    changes = {**source.settings, **parse_settings(settings, allowed)}
    if head == "maml" and "inner_lr" not in changes:
        raise BaselineError(
            f"weights:{source.file.name}: expected the learning rate of the inner loop, "
            f"got none. Add it for the mean loss of a task, and the number of steps, for "
            f"example: --set inner_lr=0.05 --set inner_steps=5"
        )
    return changes


def _config(
    file: TensorFile,
    choice: WeightsChoice,
    image_shape: Shape,
    changes: Mapping[str, Any],
) -> TrainConfig:
    """Return the recipe of the learner. What concerns the training alone is not known."""
    own = {key: value for key, value in changes.items() if key != "eps"}
    values = {
        "learner": choice.head,
        "backbone": choice.backbone,
        "width": choice.width,
        "way": 5,
        "dataset": "unknown",
        "shot": 1,
        "query": 1,
        "steps": 1,
        "lr": 1.0,
        **own,
    }
    config = parse_config(values, f"weights:{file.name}")
    if choice.head == "maml":
        config = replace(config, way=_way(file, config, image_shape, choice.drop))
    return config


def _way(
    file: TensorFile,
    config: TrainConfig,
    image_shape: Shape,
    drop: Sequence[str],
) -> int:
    """Return the number of classes of the last linear layer in a file."""
    backbone = BACKBONES[config.backbone](image_shape, config.width)
    n_inputs = n_features(backbone, image_shape)
    way = None
    for tensor in kept_tensors(file, drop).values():
        if tensor.ndim == 2 and tensor.shape[1] == n_inputs:
            way = tensor.shape[0]
    if not way:
        height, width, _ = image_shape
        raise BaselineError(
            f"weights:{file.name}: MAML needs the linear layer after the network: "
            f"expected a matrix (n_way, {n_inputs}) for images of {height} x {width} px "
            f"and {config.backbone}-{config.width}, got none. Use --head protonet, or "
            f"another --width or protocol"
        )
    return way


def _set_eps(
    network: nn.Module,
    eps: object,
) -> None:
    if eps is None:
        return
    if type(eps) is not float or not 0 < eps < 1:
        raise BaselineError(
            f"--set eps={eps}: expected a number between 0 and 1. Type for example --set "
            f"eps=1e-5"
        )
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            module.eps = eps


def _fill(
    network: nn.Module,
    file: TensorFile,
    choice: WeightsChoice,
) -> WeightsFile:
    """Put the weights of a file into a network. Return what went where."""
    slots = slots_of(network)
    name = f"{choice.backbone}-{choice.width}"
    match: Match = Matcher(file, slots, name, choice.drop).match()
    filling = Filling(file.name, file.tensors)
    filling.fill(slots, match)
    state = {**network.state_dict(), **filling.state}
    network.load_state_dict(state)
    return WeightsFile(file.name, file.sha256, match.kind, tuple(filling.rows))


def _card(
    card: LearnerCard,
    source: _Source,
    weights: WeightsFile,
    image_shape: Shape,
    changes: Mapping[str, Any],
) -> LearnerCard:
    """Return the card of a learner, without the parts of its recipe that are not known."""
    recipe = {
        "learner": card.recipe["learner"],
        "backend": card.recipe["backend"],
        "weights_file": weights.name,
        "weights_matched_by": weights.matched_by,
    }
    for key, value in changes.items():
        recipe[key] = value
    return replace(
        card,
        name=f"{card.name}-{source.name}",
        recipe=recipe,
        checkpoint_sha256=weights.sha256,
        image_shape=image_shape,
        weights_file=weights,
    )
