"""Label a model with what only its user knows: its name, training seed and recipe."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..baselines.learner import BaselineError, Learner

Recipe = Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True)
class Labels:
    """What a user says of a model. None keeps what the model says of itself.

    name: the name of the model in tables
    train_seed: the seed that trained the model
    recipe: the settings of the training; reports average over the training seeds of one
        recipe. The setting "learner" names the method, for published numbers.
    """

    name: str | None = None
    train_seed: int | None = None
    recipe: Recipe | None = None


def labelled(learner: Learner, labels: Labels) -> Learner:
    """Return a learner with these labels. The learner itself stays as it is.

    Raises BaselineError if the seed or the recipe is known already, since fewbench
    trained the learner.
    """
    changes: dict[str, Any] = {}
    if labels.name is not None:
        changes["name"] = labels.name
    for field in ("train_seed", "recipe"):
        label = getattr(labels, field)
        if label is None:
            continue
        if learner.card.recipe:
            raise BaselineError(
                f"{field}={label!r}: the {field} of {learner.card.name} is known from its "
                f"checkpoint already. Omit {field}"
            )
        changes[field] = dict(label) if field == "recipe" else label
    if not changes:
        return learner
    renamed = copy.copy(learner)
    renamed.card = replace(learner.card, **changes)
    return renamed
