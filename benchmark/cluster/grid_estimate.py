"""Say before a grid starts how much time and memory it needs, from measured steps."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from fewbench.progress import Progress

from ...baselines.config import TrainConfig
from ...baselines.device.threads import fixed_threads
from ...baselines.training_cost import TrainingCost, measure_cost
from ...reports.protocol import EvalProtocol
from ..train import train_views
from .plan import Plan, PlannedTraining


@dataclass(frozen=True)
class TrainingEstimate:
    """What the trainings with one recipe and one set of settings take.

    name: the name of the learner in tables
    n_left: the number of seeds that are not trained
    train_seconds: the time of one training
    evaluate_seconds: the time of all evaluations that are missing, of all seeds
    """

    name: str
    dataset: str
    n_left: int
    train_seconds: float
    evaluate_seconds: float
    cost: TrainingCost

    @property
    def seconds(self) -> float:
        """The time of all that is missing, by one worker."""
        return self.n_left * self.train_seconds + self.evaluate_seconds


def estimate_grid(plan: Plan, progress: Progress) -> list[TrainingEstimate]:
    """Measure some steps of each recipe and its settings, and add up what is missing.

    Nothing is written. It takes about 15 seconds for each recipe.
    Raises DataError or BaselineError if a recipe cannot be trained.
    """
    groups: dict[str, list[PlannedTraining]] = {}
    for training in plan.trainings:
        if training.unfinished(plan.place):
            config = replace(training.training.config, seed=0)
            groups.setdefault(str(config.flat()), []).append(training)
    estimates: list[TrainingEstimate] = []
    for number, group in enumerate(groups.values()):
        progress("measure", number, len(groups), group[0].training.name)
        estimates.append(_estimate(group, plan))
    progress("measure", len(groups), len(groups))
    return estimates


def seconds_on(estimates: list[TrainingEstimate], n_workers: int) -> float:
    """Return about how long a number of workers takes.

    It is at least as long as the longest training, which cannot be divided.
    """
    total = sum(one.seconds for one in estimates)
    longest = [one.train_seconds for one in estimates if one.n_left]
    return max([total / n_workers, *longest])


def _estimate(group: list[PlannedTraining], plan: Plan) -> TrainingEstimate:
    """Return the estimate for trainings that differ in nothing but their seed."""
    first = group[0]
    config = first.training.config
    views = train_views(config, plan.place.root)
    with fixed_threads(first.conditions.threads):
        cost = measure_cost(config, views, first.conditions.device)
    n_left = sum(not plan.place.is_done(training.task) for training in group)
    return TrainingEstimate(
        name=first.training.name,
        dataset=config.dataset,
        n_left=n_left,
        train_seconds=cost.total_seconds(config),
        evaluate_seconds=sum(_evaluations(group, plan, config, cost)),
        cost=cost,
    )


def _evaluations(
    group: list[PlannedTraining], plan: Plan, config: TrainConfig, cost: TrainingCost
) -> Iterator[float]:
    """Yield the time of each evaluation that is missing, by its number of images."""
    val_images = config.val_shot + config.val_query
    n_val_images = config.val_episodes * config.val_way * val_images
    for training in group:
        for evaluation in training.unfinished(plan.place):
            n_images = _n_images(evaluation.protocol)
            yield cost.seconds_per_validation * n_images / n_val_images


def _n_images(protocol: EvalProtocol) -> int:
    images_a_class = protocol.n_shot + protocol.n_query
    return protocol.n_episodes * protocol.n_way * images_a_class
