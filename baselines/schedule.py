"""How fast a training goes at each step, and when it goes nowhere."""

import math
from collections.abc import Mapping, Sequence

from torch import Tensor

from .config import TrainConfig

# Losses above the lowest one, and above guessing, by this factor are no longer a training.
_FACTOR = 10.0


def learning_rate(config: TrainConfig, step: int) -> float:
    """Adam's learning rate at a step of the recipe's schedule."""
    if config.lr_schedule == "cosine":
        done = min(step / config.steps, 1.0)
        return config.lr_min + (config.lr - config.lr_min) * (1 + math.cos(math.pi * done)) / 2
    return config.lr * config.lr_decay ** (step // config.lr_step)


def diverged(
    loss: float, history: Sequence[Mapping[str, float]], n_way: int, weights: Mapping[str, Tensor]
) -> str:
    """What is wrong with the mean loss of the last steps or the weights; nothing: ""."""
    lost = [name for name, tensor in weights.items() if not bool(tensor.isfinite().all())]
    if not math.isfinite(loss) or lost:
        where = f", and weights are no numbers: {', '.join(lost[:3])}" if lost else ""
        return f"the mean loss of the last steps is {loss:.4g}{where}"
    lowest = min((entry["loss"] for entry in history), default=loss)
    limit = _FACTOR * max(lowest, math.log(n_way))
    if loss <= limit:
        return ""
    return f"the mean loss of the last steps is {loss:.4g}, expected at most {limit:.4g}"
