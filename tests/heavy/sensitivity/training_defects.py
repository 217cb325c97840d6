"""Defects in the training of a ProtoNet, as a careless commit might make them.

Each defect is a change of the recipe, or a patch of the code that holds while a model is
trained and evaluated. A patch of the loss has no effect on the evaluation.
"""

import random
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from unittest.mock import patch

from torch import Tensor, nn

from fewbench.baselines.config import TrainConfig
from fewbench.baselines.metric import protonet
from fewbench.baselines.metric.protonet import ProtoNet
from fewbench.datasets.episodes import EpisodeSpec

Patch = Callable[[], AbstractContextManager[object]]
# Changes the images of a training episode: float32 (n, C, H, W), support before query.
ChangeImages = Callable[[ProtoNet, Tensor, EpisodeSpec], Tensor]


@dataclass(frozen=True)
class TrainingDefect:
    """A defect.

    words: what it is, for the table
    settings: texts `key=value` that change the recipe
    patched: the code while the model is trained and evaluated
    """

    words: str
    settings: tuple[str, ...] = ()
    patched: Patch = nullcontext


def _loss_of(change: ChangeImages) -> Patch:
    """Return a patch that changes the images of each training episode."""
    right = ProtoNet.loss

    def loss(self: ProtoNet, images: Tensor, spec: EpisodeSpec) -> Tensor:
        return right(self, change(self, images, spec), spec)

    return lambda: patch.object(ProtoNet, "loss", loss)


def _shifted_labels(share: float) -> Patch:
    """Return a patch that gives the queries of some episodes the label of the class before."""
    draws: dict[int, random.Random] = {}

    def change(learner: ProtoNet, images: Tensor, spec: EpisodeSpec) -> Tensor:
        seed = learner.card.train_seed
        if draws.setdefault(seed, random.Random(seed)).random() >= share:
            return images
        n_support = spec.n_way * spec.n_shot
        images = images.clone()
        images[n_support:] = images[n_support:].roll(spec.n_query, 0)
        return images

    return _loss_of(change)


def _leaked(learner: ProtoNet, images: Tensor, spec: EpisodeSpec) -> Tensor:
    """Put the support image of each class among its queries."""
    del learner
    n_support = spec.n_way * spec.n_shot
    images = images.clone()
    images[n_support :: spec.n_query] = images[: n_support : spec.n_shot]
    return images


def _not_scaled(learner: ProtoNet, images: Tensor, spec: EpisodeSpec) -> Tensor:
    del learner, spec
    return 255 * images


def _without_last_pool() -> AbstractContextManager[object]:
    right = protonet.make_network

    def make(config: TrainConfig, image_shape: tuple[int, int, int]) -> nn.Module:
        network = right(config, image_shape)
        pools = [name for name, part in network.named_modules() if _is_pool(part)]
        block, _, place = pools[-1].rpartition(".")
        setattr(network.get_submodule(block), place, nn.Identity())
        return network

    return patch.object(protonet, "make_network", make)


def _is_pool(part: nn.Module) -> bool:
    return isinstance(part, nn.MaxPool2d)


def _plain_distances(query: Tensor, prototypes: Tensor) -> Tensor:
    differences = query.unsqueeze(-2) - prototypes.unsqueeze(-3)
    return -differences.norm(dim=-1)


def _slow_distances(query: Tensor, prototypes: Tensor) -> Tensor:
    """Return the right distances by another formula, as a refactoring would."""
    differences = query.unsqueeze(-2) - prototypes.unsqueeze(-3)
    return -differences.square().sum(-1)


def _distances(formula: Callable[[Tensor, Tensor], Tensor]) -> Patch:
    return lambda: patch.object(protonet, "negative_squared_distances", formula)


# The recipe of all trainings: small, since hundreds are made.
RECIPE = "protonet-glyphs"
SETTINGS = (
    "width=16",
    "way=10",
    "query=3",
    "steps=150",
    "lr=0.003",
    "lr_schedule=cosine",
    "validate_every=150",
    "val_episodes=1",
)
TRAINING_DEFECTS = {
    "none": TrainingDefect("none: another seed only"),
    "plain-distance": TrainingDefect(
        "plain instead of squared distance in the loss",
        patched=_distances(_plain_distances),
    ),
    "half-steps": TrainingDefect("half the steps", ("steps=75", "validate_every=75")),
    "fewer-steps": TrainingDefect(
        "a quarter of the steps left out", ("steps=112", "validate_every=112")
    ),
    "lr-10": TrainingDefect("learning rate x 10", ("lr=0.03",)),
    "lr-tenth": TrainingDefect("learning rate / 10", ("lr=0.0003",)),
    "labels-1": TrainingDefect(
        "labels shifted in 1 % of the episodes", patched=_shifted_labels(0.01)
    ),
    "labels-5": TrainingDefect(
        "labels shifted in 5 % of the episodes", patched=_shifted_labels(0.05)
    ),
    "labels-10": TrainingDefect(
        "labels shifted in 10 % of the episodes", patched=_shifted_labels(0.1)
    ),
    "leak": TrainingDefect(
        "support images among the queries", patched=_loss_of(_leaked)
    ),
    "no-pool": TrainingDefect("last max-pool dropped", patched=_without_last_pool),
    "not-scaled": TrainingDefect(
        "training images not divided by 255", patched=_loss_of(_not_scaled)
    ),
    "two-shot": TrainingDefect("trained with one shot too many", ("shot=2",)),
    "refactored": TrainingDefect(
        "none: distances by another formula", patched=_distances(_slow_distances)
    ),
}
