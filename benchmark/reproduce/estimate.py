"""Say before a job starts how much time and memory it needs, from measured steps."""

from dataclasses import dataclass, replace

from ...baselines.config import TrainConfig
from ...baselines.training_cost import TrainingCost, measure_cost
from ...reports.protocol import EvalProtocol
from ..train import train_views
from .job import Job, Training


@dataclass(frozen=True)
class Estimate:
    """The time and memory that is still needed for a job.

    seconds: the time for all training runs and evaluations; where the length of a run is
        chosen by an earlier one, it is the longest time possible
    cost: what was measured on this device
    """

    seconds: float
    cost: TrainingCost


def estimate_job(job: Job) -> Estimate | None:
    """Measure some steps and a validation on the device, and add up what is left to do.

    Return None if no training is left. Nothing is written, and later results do not
    change.
    """
    unfinished = []
    for training in job.all_trainings():
        if training.saved_step < training.last_step:
            unfinished.append(training)
    if not unfinished:
        return None
    config = unfinished[0].config
    cost = measure_cost(config, train_views(config, job.root), job.device)
    seconds = sum(_seconds_left(training, cost) for training in unfinished)
    seconds += job.n_seeds * _seconds_to_evaluate(job.protocol, config, cost)
    return Estimate(seconds, cost)


def _seconds_left(training: Training, cost: TrainingCost) -> float:
    config = training.config
    if config.train_splits != "train":
        # Without validation images, there is no validation.
        cost = replace(cost, seconds_per_validation=0.0)
    shortened = replace(config, steps=training.last_step)
    return cost.total_seconds(shortened, training.saved_step)


def _seconds_to_evaluate(
    protocol: EvalProtocol, config: TrainConfig, cost: TrainingCost
) -> float:
    """Estimate the time of an evaluation by the number of images in its episodes."""
    images_a_class = protocol.n_shot + protocol.n_query
    n_images = protocol.n_episodes * protocol.n_way * images_a_class
    val_images_a_class = config.val_shot + config.val_query
    n_val_images = config.val_episodes * config.val_way * val_images_a_class
    return cost.seconds_per_validation * n_images / n_val_images
