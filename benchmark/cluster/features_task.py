"""Do a task of the kind "features": embed a run of blocks of images.

A process keeps the last model and its images, since the next task mostly needs them again.
"""

import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...baselines.evaluation.feature_rows import save_features
from ...baselines.evaluation.features import embedded, embedding_order
from ...baselines.learner import BaselineError, EmbeddingLearner
from ...datasets.view import ImageView
from .identity import check_identity
from .model_source import ModelSource
from .place import Place
from .task import Task
from .view_source import ViewSource


@dataclass(frozen=True)
class _Opened:
    """A model and its images.

    key: what was opened
    """

    key: str
    learner: EmbeddingLearner
    view: ImageView


_last: list[_Opened] = []


def make_features(task: Task, place: Place, attempt: Path) -> Path:
    """Embed the images of a task in the folder of an attempt, and return the file.

    Raises BaselineError if the model cannot be loaded, embeds no images, or is another one
    than the task says. Raises DataError if the images are missing.
    """
    opened = _open(task, place)
    size = task.body["images_per_block"]
    order = embedding_order(opened.view)
    parts = []
    for start in range(task.body["start"], task.body["end"], size):
        images = order[start : min(start + size, task.body["end"])]
        parts.append(embedded(opened.learner, opened.view, images))
    return save_features(attempt / "features.npy", parts)


def _open(task: Task, place: Place) -> _Opened:
    wanted: dict[str, Any] = {
        "model": task.body["model"],
        "view": task.body["view"],
        "how": dict(task.how),
        "folder": str(place.folder),
        "root": str(place.root),
        "conditions": task.conditions.document(),
    }
    key = json.dumps(wanted, sort_keys=True)
    if _last and _last[0].key == key:
        return _last[0]
    _last.clear()
    view = ViewSource.parsed(task.body["view"]).open(place.root)
    source = ModelSource(task.body["model"], task.how["what"], task.how["loading"])
    learner = source.load(place.folder, view.image_shape)
    if not isinstance(learner, EmbeddingLearner):
        raise embeds_nothing(source.what)
    check_identity(learner, view, source)
    opened = _Opened(key, learner, view)
    _last.append(opened)
    return opened


def embeds_nothing(what: str) -> BaselineError:
    """Return the error for a model that has no features of single images."""
    return BaselineError(
        f"{what}: cannot be embedded: expected an encoder of single images, got a model "
        f"that answers whole episodes. Evaluate it: fewbench evaluate "
        f"{shlex.quote(what)} --protocol NAME --out DIR"
    )
