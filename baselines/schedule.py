"""Compute the learning rate for each step, and detect that training has diverged."""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from .config import TrainConfig

# Training has diverged if its loss is more than this many times the reference loss, see
# `divergence`.
_FACTOR = 10.0


def learning_rate(config: TrainConfig, step: int) -> float:
    """Return Adam's learning rate for a training step."""
    if config.lr_schedule == "cosine":
        done = min(step / config.cosine_steps, 1.0)
        cosine = math.cos(math.pi * done)
        span = config.lr - config.lr_min
        return config.lr_min + span * (1 + cosine) / 2
    n_decays = step // config.lr_step
    return config.lr * config.lr_decay**n_decays


def divergence(
    losses: Sequence[Tensor],
    history: Sequence[Mapping[str, float]],
    config: TrainConfig,
    weights: Mapping[str, Tensor],
    *,
    starts_from_guessing: bool = False,
) -> str:
    """Return why the training has diverged; "" if it has not.

    Training has diverged if a loss or weight is not finite, or if the mean loss exceeds
    10 times a reference loss. The reference is the lowest mean loss of earlier
    validations (the first loss, if there are none), but at least the loss of guessing.
    For a learner that starts each task with random answers, the reference is always the
    loss of guessing.

    losses: the losses of the steps since the last validation
    history: the entries of earlier validations, each with the mean "loss"
    weights: the trained parameters, by name
    starts_from_guessing: whether the learner starts each task with random answers
    """
    all_losses = torch.stack(list(losses))
    mean_loss = float(all_losses.mean())
    what = f"the mean loss of the last steps is {mean_loss:.4g}"
    lost = _not_finite(weights)
    if lost:
        first_names = ", ".join(lost[:3])
        return f"{what}, and weights are not finite: {first_names}"
    if not math.isfinite(mean_loss):
        return what
    guessing = math.log(config.way)
    reference = guessing
    if not starts_from_guessing:
        reference = max(_lowest_loss(losses, history), guessing)
    limit = _FACTOR * reference
    if mean_loss <= limit:
        return ""
    return f"{what}, expected at most {limit:.4g}"


def _lowest_loss(
    losses: Sequence[Tensor],
    history: Sequence[Mapping[str, float]],
) -> float:
    if not history:
        return float(losses[0])
    return min(entry["loss"] for entry in history)


def _not_finite(weights: Mapping[str, Tensor]) -> list[str]:
    names = []
    for name, tensor in weights.items():
        is_finite = tensor.isfinite()
        if not is_finite.all():
            names.append(name)
    return names
