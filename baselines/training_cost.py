"""Measure what a training run takes on a device, before it starts."""

import statistics
import sys
import time
from dataclasses import dataclass

import numpy as np
import torch

from ..datasets.episodes import EpisodeBatch
from ..datasets.view import ImageView
from .config import TrainConfig
from .device.choose import resolve_device
from .device.malloc import KeptBlocks
from .evaluation.examiner import answer, few_images
from .learner import Learner
from .training_inputs import TrainViews, check_episodes
from .updater import Updater
from .validation import VALIDATION_SEED, validation_episodes

# Steps are measured for so long, and at most so many. The first one is not counted.
_SECONDS_OF_STEPS = 10.0
_FEWEST_STEPS = 2
_MOST_STEPS = 30
# A part of a validation is measured until it takes at least so long.
_SECONDS_OF_VALIDATION = 2.0


@dataclass(frozen=True)
class TrainingCost:
    """The time and the memory that a training run takes, measured on a part of it.

    seconds_per_step: the median
    seconds_per_validation: 0 if there are no validation images
    peak_bytes: the largest memory of the process so far, or of the GPU if it trains on
        one; 0 if the system does not report it
    """

    seconds_per_step: float
    seconds_per_validation: float
    peak_bytes: int

    def total_seconds(self, config: TrainConfig, start: int = 0) -> float:
        """Return the seconds of the recipe's steps and validations from a step on.

        start: the number of steps that are already done
        """
        n_steps = max(0, config.steps - start)
        every = config.validate_every
        # The last step is always followed by a validation.
        n_validations = -(-config.steps // every) - start // every
        if not n_steps:
            n_validations = 0
        seconds = n_steps * self.seconds_per_step
        return seconds + n_validations * self.seconds_per_validation


def measure_cost(config: TrainConfig, views: TrainViews, device: str) -> TrainingCost:
    """Measure some training steps and a part of a validation.

    It takes about 15 seconds, or two steps if they take longer. It writes nothing and
    leaves torch's random state as it was.

    device: "auto", "cpu" or "cuda"
    Raises DataError or BaselineError if the recipe cannot be trained on these images.
    """
    chosen = resolve_device(device)
    gpus = [chosen] if chosen.type == "cuda" else []
    with torch.random.fork_rng(devices=gpus), KeptBlocks():
        updater = Updater(config, views.train, chosen)
        check_episodes(updater.learner, updater.config, views)
        seconds_per_step = _step_seconds(updater)
        seconds_per_validation = 0.0
        if views.val:
            seconds_per_validation = _validation_seconds(
                updater.learner, views.val, config
            )
        return TrainingCost(
            seconds_per_step=seconds_per_step,
            seconds_per_validation=seconds_per_validation,
            peak_bytes=_peak_bytes(chosen),
        )


def _step_seconds(updater: Updater) -> float:
    # Some learners have other first or last steps. Those in the middle are most frequent.
    step = updater.config.steps // 2
    seconds: list[float] = []
    for batch in updater.batches(step):
        started = time.perf_counter()
        loss = updater.update(batch, step)
        # It waits until a GPU has finished.
        loss.item()
        seconds.append(time.perf_counter() - started)
        step += 1
        if len(seconds) < _FEWEST_STEPS:
            continue
        if sum(seconds) >= _SECONDS_OF_STEPS or len(seconds) > _MOST_STEPS:
            break
    # The first step also prepares what later steps use again.
    return statistics.median(seconds[1:] or seconds)


def _validation_seconds(
    learner: Learner,
    view: ImageView,
    config: TrainConfig,
) -> float:
    """Return the seconds of a validation. Ever more of its episodes are answered."""
    n_episodes = 1
    part = validation_episodes(view, config, n_episodes)
    seconds = answer(learner, view, part, VALIDATION_SEED).seconds
    while sum(seconds.values()) < _SECONDS_OF_VALIDATION:
        if n_episodes == config.val_episodes:
            break
        n_episodes = min(4 * n_episodes, config.val_episodes)
        part = validation_episodes(view, config, n_episodes)
        seconds = answer(learner, view, part, VALIDATION_SEED).seconds
    whole = validation_episodes(view, config, config.val_episodes)
    # Each image is embedded once, however many episodes have it.
    of_images = _n_images(view, whole) / _n_images(view, part)
    of_episodes = config.val_episodes / n_episodes
    embed = seconds.pop("embed", 0.0)
    return embed * of_images + sum(seconds.values()) * of_episodes


def _n_images(view: ImageView, episodes: EpisodeBatch) -> int:
    """Return the number of images that are embedded for these episodes."""
    used = few_images(view, [episodes])
    if used is None:
        return len(view)
    return int(np.count_nonzero(used))


def _peak_bytes(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    try:
        import resource  # Windows does not have this module.
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # macOS counts bytes, Linux KiB.
    return peak if sys.platform == "darwin" else peak * 1024
