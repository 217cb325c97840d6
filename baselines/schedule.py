"""How fast a training goes at each step, and when it goes nowhere."""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from .config import ADAPTING, TrainConfig

# Losses above the lowest one, and above guessing, by this factor are no longer a training.
_FACTOR = 10.0


def learning_rate(config: TrainConfig, step: int) -> float:
    """Adam's learning rate at a step of the recipe's schedule."""
    if config.lr_schedule == "cosine":
        done = min(step / config.steps, 1.0)
        return (
            config.lr_min
            + (config.lr - config.lr_min) * (1 + math.cos(math.pi * done)) / 2
        )
    return config.lr * config.lr_decay ** (step // config.lr_step)


def diverged(
    losses: Sequence[Tensor],
    history: Sequence[Mapping[str, float]],
    config: TrainConfig,
    weights: Mapping[str, Tensor],
) -> str:
    """What is wrong with the losses of the last steps or the weights; nothing: "".

    The mean of the losses is held against the lowest mean so far, at first against the first
    loss. Learners that adapt start from guessing: theirs never has a reason to be far above it.
    """
    loss = float(torch.stack(list(losses)).mean())
    lost = [
        name for name, tensor in weights.items() if not bool(tensor.isfinite().all())
    ]
    if not math.isfinite(loss) or lost:
        where = f", and weights are no numbers: {', '.join(lost[:3])}" if lost else ""
        return f"the mean loss of the last steps is {loss:.4g}{where}"
    lowest = min((entry["loss"] for entry in history), default=float(losses[0]))
    guessing = math.log(config.way)
    limit = _FACTOR * (
        guessing if config.learner in ADAPTING else max(lowest, guessing)
    )
    if loss <= limit:
        return ""
    return (
        f"the mean loss of the last steps is {loss:.4g}, expected at most {limit:.4g}"
    )
