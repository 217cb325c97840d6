"""The plan of a grid: which tasks it has, in which order, and which of them are done."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from ...baselines.catalogue import make_learner
from ...baselines.config import TrainConfig
from ...baselines.device.choose import resolve_device
from ...baselines.training_inputs import TrainViews, check_episodes
from ...reports.protocol import EvalProtocol
from ...reports.records import file_stem
from ..episodes import find_episodes
from ..train import train_views
from .conditions import Conditions
from .flow import Flow
from .grid_tasks import (
    Cut,
    Evaluation,
    TrainingData,
    answers_tasks,
    embeds_images,
    features_tasks,
    result_task,
    trained_model,
    training_task,
)
from .grid_trainings import GridTraining
from .place import RESULTS, Place
from .task import Kind, Task
from .view_source import ViewSource


@dataclass(frozen=True)
class PlannedTraining:
    """A training with its task, and the evaluations of what it makes."""

    training: GridTraining
    task: Task
    evaluations: tuple[Evaluation, ...]

    @property
    def conditions(self) -> Conditions:
        """How the machines have to compute."""
        return self.task.conditions

    def result(self, evaluation: Evaluation) -> Task:
        """Return the task that saves the result of an evaluation."""
        return result_task(evaluation, self.training.config.seed, self.conditions)

    def stem(self, evaluation: Evaluation) -> str:
        """Return the name of the files of a result, without their suffixes."""
        seed = self.training.config.seed
        return file_stem(evaluation.protocol.name, evaluation.name, seed)

    def unfinished(self, place: Place) -> tuple[Evaluation, ...]:
        """Return the evaluations without a result."""
        found = []
        for evaluation in self.evaluations:
            if not self.is_saved(evaluation, place):
                found.append(evaluation)
        return tuple(found)

    def is_saved(self, evaluation: Evaluation, place: Place) -> bool:
        """Return whether a result is published, and its two files are still there."""
        result = place.folder / RESULTS / self.stem(evaluation)
        return (
            place.is_done(self.result(evaluation))
            and result.with_name(f"{result.name}.json").is_file()
            and result.with_name(f"{result.name}.npz").is_file()
        )

    def flow(self, place: Place) -> Flow:
        """Yield the batches of tasks: training, features, answers, results.

        Nothing is done for an evaluation that has its result.
        """
        unfinished = self.unfinished(place)
        if unfinished:
            yield [self.task]
            yield self._features(unfinished)
            yield self._answers(unfinished)
        yield self._results()

    def all_tasks(self) -> Iterator[Task]:
        """Yield every task, in the order of `flow`."""
        yield self.task
        for task in chain(
            self._features(self.evaluations), self._answers(self.evaluations)
        ):
            if task is not None:
                yield task
        yield from self._results()

    def _features(self, unfinished: tuple[Evaluation, ...]) -> Iterator[Task | None]:
        """Yield the tasks that embed images; None for those that nothing needs.

        A task has the same place in the batch whatever is finished. So all shares agree
        on whose it is, whenever they begin.
        """
        needed = {str(one.view.document()) for one in unfinished}
        of_view = {str(one.view.document()): one for one in self.evaluations}
        for view, one in of_view.items():
            for task in features_tasks(one, self.conditions):
                yield task if view in needed else None

    def _answers(self, unfinished: tuple[Evaluation, ...]) -> Iterator[Task | None]:
        """Yield the tasks that answer episodes; None for those that nothing needs."""
        for one in self.evaluations:
            is_needed = one in unfinished
            for task in answers_tasks(one, self.conditions):
                yield task if is_needed else None

    def _results(self) -> list[Task]:
        return [self.result(one) for one in self.evaluations]


@dataclass(frozen=True)
class Count:
    """A number of tasks, and how many of them are done."""

    total: int
    done: int


@dataclass(frozen=True)
class Plan:
    """All trainings of a grid, and where their files are.

    data: the fingerprint of each split, such as {"glyphs test": ...}
    """

    trainings: tuple[PlannedTraining, ...]
    place: Place
    data: Mapping[str, str]

    def flows(self) -> Iterator[Flow]:
        """Yield a flow for each training."""
        for training in self.trainings:
            yield training.flow(self.place)

    def tasks(self) -> Iterator[Task]:
        """Yield every task of the grid, done or not."""
        for training in self.trainings:
            yield from training.all_tasks()

    def counts(self) -> dict[Kind, Count]:
        """Return the number of tasks of each kind, and how many are done.

        Tasks are done as well if nothing needs them any more.
        """
        totals: dict[Kind, int] = {}
        done: dict[Kind, int] = {}
        for training in self.trainings:
            n_unfinished = len(training.unfinished(self.place))
            for task in training.all_tasks():
                if task.kind == "result":
                    continue
                totals[task.kind] = totals.get(task.kind, 0) + 1
                if not n_unfinished or self.place.is_done(task):
                    done[task.kind] = done.get(task.kind, 0) + 1
            n_results = len(training.evaluations)
            totals["result"] = totals.get("result", 0) + n_results
            done["result"] = done.get("result", 0) + n_results - n_unfinished
        return {kind: Count(n, done.get(kind, 0)) for kind, n in totals.items()}


def make_plan(
    trainings: list[GridTraining], conditions: Conditions, cut: Cut, place: Place
) -> Plan:
    """Return the plan of some trainings. It opens the datasets, and draws some episodes.

    Raises DataError if a dataset is not built, or has too few classes or images.
    Raises BaselineError if a recipe cannot be trained.
    """
    opened = _Opened(place.root)
    planned: list[PlannedTraining] = []
    for training in trainings:
        data = opened.training_data(training.config)
        task = training_task(training, data, conditions)
        model = trained_model(training, task)
        embeds = embeds_images(training.config)
        evaluations: list[Evaluation] = []
        for protocol in training.protocols:
            one = Evaluation(
                model=model,
                protocol=protocol,
                name=training.name,
                title=training.title,
                view=opened.view(protocol),
                cut=replace(cut, embeds=embeds),
            )
            evaluations.append(one)
        planned.append(PlannedTraining(training, task, tuple(evaluations)))
    return Plan(tuple(planned), place, opened.fingerprints)


class _Opened:
    """What was found out about datasets. Each of them is opened once."""

    def __init__(self, root: Path | None) -> None:
        self.fingerprints: dict[str, str] = {}
        self._root = root
        self._training: dict[object, TrainViews] = {}
        self._views: dict[EvalProtocol, ViewSource] = {}
        self._checked: set[str] = set()

    def training_data(self, config: TrainConfig) -> TrainingData:
        key = (config.dataset, config.train_splits, config.rotations)
        views = self._training.get(key)
        if views is None:
            views = train_views(config, self._root)
            self._training[key] = views
        self._check(config, views)
        self.fingerprints[f"{config.dataset} {config.train_splits}"] = (
            views.train.fingerprint
        )
        if views.val is not None:
            self.fingerprints[f"{config.dataset} val"] = views.val.fingerprint
        return TrainingData(tuple(views.fingerprints), views.train.image_shape)

    def view(self, protocol: EvalProtocol) -> ViewSource:
        found = self._views.get(protocol)
        if found is None:
            stream = find_episodes(protocol, self._root)
            found = ViewSource.of_protocol(protocol, stream.view)
            self._views[protocol] = found
        self.fingerprints[f"{protocol.dataset} {protocol.split}"] = found.fingerprint
        return found

    def _check(self, config: TrainConfig, views: TrainViews) -> None:
        """Refuse a recipe that cannot be trained, before anything runs."""
        key = str(replace(config, seed=0).flat())
        if key in self._checked:
            return
        shape = views.train.image_shape
        learner = make_learner(config, shape, resolve_device("cpu"))
        check_episodes(learner, config, views)
        self._checked.add(key)
