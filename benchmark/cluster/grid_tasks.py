"""The tasks of a grid: what each of them has to do, as values for JSON."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...baselines.config import TrainConfig
from ...baselines.families import class_on_backend
from ...baselines.learner import EmbeddingLearner
from ...baselines.own_code import source_hashes
from ...reports.protocol import EvalProtocol
from .conditions import Conditions
from .feature_tasks import IMAGES_PER_TASK, feature_tasks
from .grid_trainings import GridTraining
from .model_source import ModelSource
from .task import SUFFIXES, Task
from .view_source import ViewSource

# A range of episodes starts at a multiple of it, for learners of every kind; see
# `range_step`.
RANGE_STEP = 256


@dataclass(frozen=True)
class TrainingData:
    """What decides a training beside its recipe.

    fingerprints: of the training images, and of any validation images
    image_shape: (H, W, C)
    """

    fingerprints: tuple[str, ...]
    image_shape: tuple[int, int, int]


@dataclass(frozen=True)
class Cut:
    """How the work is cut into tasks. It changes no prediction.

    embeds: whether the model embeds images, so that answers need its features
    episodes: the number of episodes that a task answers
    images: the number of images that a task embeds
    """

    embeds: bool
    episodes: int
    images: int = IMAGES_PER_TASK


@dataclass(frozen=True)
class Evaluation:
    """One model under one protocol.

    name: the name of the learner in tables
    title: a few words for messages, such as "maml on glyphs, seed 0"
    view: the images of the protocol
    cut: how the work is cut into tasks
    """

    model: ModelSource
    protocol: EvalProtocol
    name: str
    title: str
    view: ViewSource
    cut: Cut


def training_task(
    training: GridTraining, data: TrainingData, conditions: Conditions
) -> Task:
    """Return the task that trains a learner.

    Raises BaselineError if the recipe names code that cannot be imported.
    """
    body: dict[str, Any] = {
        "config": training.config.flat(),
        "data": list(data.fingerprints),
        "image_shape": list(data.image_shape),
    }
    own_code = source_hashes(training.config.flat())
    if own_code:
        body["own_code"] = own_code
    return Task("training", body, conditions, f"train {training.title}")


def trained_model(training: GridTraining, task: Task) -> ModelSource:
    """Return the model that the task of a training makes."""
    file = Path(task.kind) / task.id[:2] / f"{task.id}{SUFFIXES[task.kind]}"
    loading = {"device": task.conditions.device, "name": training.name}
    return ModelSource({"training": task.id}, str(file), loading)


def features_tasks(evaluation: Evaluation, conditions: Conditions) -> Iterator[Task]:
    """Yield the tasks that embed all images of the split; none if the model embeds none."""
    cut = evaluation.cut
    if cut.embeds:
        yield from feature_tasks(
            evaluation.model, evaluation.view, conditions, images_per_task=cut.images
        )


def answers_tasks(evaluation: Evaluation, conditions: Conditions) -> Iterator[Task]:
    """Yield the tasks that answer the episodes of an evaluation, range by range."""
    how = _how(evaluation)
    n_episodes = evaluation.protocol.n_episodes
    step = -(-evaluation.cut.episodes // RANGE_STEP) * RANGE_STEP
    for start in range(0, n_episodes, step):
        end = min(start + step, n_episodes)
        body = {**_body(evaluation), "start": start, "end": end}
        title = f"answer episodes {start:,} to {end - 1:,} of {_of(evaluation)}"
        yield Task("answers", body, conditions, title, how)


def result_task(evaluation: Evaluation, seed: int, conditions: Conditions) -> Task:
    """Return the task that joins the answers of an evaluation, and saves its result.

    seed: the training seed
    """
    body = {
        **_body(evaluation),
        "protocol": _values(evaluation.protocol),
        "name": evaluation.name,
        "seed": seed,
    }
    title = f"save {_of(evaluation)}"
    return Task("result", body, conditions, title, _how(evaluation))


def evaluation_of(task: Task) -> Evaluation:
    """Return the evaluation of a task of the kind "answers" or "result"."""
    how = task.how
    return Evaluation(
        model=ModelSource(**how["model"]),
        protocol=EvalProtocol(**how["protocol"]),
        name=how["name"],
        title=how["title"],
        view=ViewSource.parsed(task.body["view"]),
        cut=Cut(**how["cut"]),
    )


def embeds_images(config: TrainConfig) -> bool:
    """Return whether a recipe trains a learner that embeds each image on its own."""
    kind = class_on_backend(config.learner, config.backend)
    return issubclass(kind, EmbeddingLearner)


def _of(evaluation: Evaluation) -> str:
    return f"{evaluation.protocol.name} by {evaluation.title}"


def _how(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "model": evaluation.model.document(),
        "protocol": _values(evaluation.protocol),
        "name": evaluation.name,
        "title": evaluation.title,
        "cut": asdict(evaluation.cut),
    }


def _body(evaluation: Evaluation) -> dict[str, Any]:
    """Return what decides the answers. Neither name nor number of episodes changes them."""
    protocol = _values(evaluation.protocol)
    for field in ("name", "interval", "n_episodes"):
        del protocol[field]
    identity = dict(evaluation.model.identity)
    view = evaluation.view.document()
    return {"model": identity, "protocol": protocol, "view": view}


def _values(protocol: EvalProtocol) -> dict[str, Any]:
    return asdict(protocol)  # pyright: ignore[reportArgumentType] - pydantic's is a dataclass too
