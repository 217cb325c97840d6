"""The learning rate at each step, and when a training counts as diverged."""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from .config import ADAPTING, TrainConfig

# A training has diverged when its loss is this many times the loss of guessing, and this
# many times the lowest loss so far.
_FACTOR = 10.0


def learning_rate(config: TrainConfig, step: int) -> float:
    """Adam's learning rate at a step of the recipe's schedule."""
    if config.lr_schedule == "cosine":
        done = min(step / config.steps, 1.0)
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
) -> str:
    """What is wrong with the losses of the last steps or with the weights; "" if nothing.

    The mean of the losses is compared with the lowest mean so far; the first time, with
    the first loss. A learner that adapts starts from guessing, so its loss should never
    be far above that of guessing.
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
    limit = _FACTOR * _reference_loss(losses, history, config)
    if mean_loss <= limit:
        return ""
    return f"{what}, expected at most {limit:.4g}"


def _reference_loss(
    losses: Sequence[Tensor],
    history: Sequence[Mapping[str, float]],
    config: TrainConfig,
) -> float:
    guessing = math.log(config.way)
    if config.learner in ADAPTING:
        return guessing
    if not history:
        first_loss = float(losses[0])
        return max(first_loss, guessing)
    lowest = min(entry["loss"] for entry in history)
    return max(lowest, guessing)


def _not_finite(weights: Mapping[str, Tensor]) -> list[str]:
    names = []
    for name, tensor in weights.items():
        is_finite = tensor.isfinite()
        if not is_finite.all():
            names.append(name)
    return names
