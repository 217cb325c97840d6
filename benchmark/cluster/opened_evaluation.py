"""Open the model and the episodes of an evaluation. A process keeps the last ones."""

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from ...baselines.evaluation.examiner import Examiner
from ...baselines.evaluation.features import Features
from ...baselines.evaluation.stored_features import StoredFeatures
from ...baselines.learner import BaselineError, EmbeddingLearner, Learner
from ...datasets.view import ImageView
from ..episodes import find_episodes
from ..evaluate import make_examiner
from ..protocols.stream import EpisodeStream
from .conditions import Conditions
from .feature_tasks import published_rows
from .grid_tasks import Evaluation, features_tasks
from .place import Place


@dataclass(frozen=True)
class OpenedEvaluation:
    """A model that can be tested on any range of the episodes of a protocol."""

    examiner: Examiner
    stream: EpisodeStream


@dataclass(frozen=True)
class _OpenedModel:
    """A model, the images that it sees, and its features if it embeds images."""

    learner: Learner
    view: ImageView
    features: Features | None


# What was opened last, under a text that says what it is.
_last_model: list[tuple[str, _OpenedModel]] = []
_last_evaluation: list[tuple[str, OpenedEvaluation]] = []


def open_evaluation(
    evaluation: Evaluation, place: Place, conditions: Conditions
) -> OpenedEvaluation:
    """Open a model, its published features and the episodes of a protocol.

    Features whose files have changed are opened again.
    Raises BaselineError if the model cannot be loaded, or if its features are missing.
    Raises DataError if the images are missing or have other content.
    """
    model_key = _key(evaluation, place, conditions)
    protocol = asdict(evaluation.protocol)  # pyright: ignore[reportArgumentType] - pydantic's is a dataclass too
    key = f"{model_key} {json.dumps(protocol)}"
    if _last_model and _has_changed(_last_model[0][1]):
        _last_model.clear()
        _last_evaluation.clear()
    if _last_evaluation and _last_evaluation[0][0] == key:
        return _last_evaluation[0][1]
    _last_evaluation.clear()
    if not _last_model or _last_model[0][0] != model_key:
        _last_model.clear()
        _last_model.append((model_key, _open_model(evaluation, place, conditions)))
    model = _last_model[0][1]
    stream = find_episodes(evaluation.protocol, place.root)
    stream = replace(stream, view=model.view)
    examiner = make_examiner(model.learner, stream, features=model.features)
    opened = OpenedEvaluation(examiner, stream)
    _last_evaluation.append((key, opened))
    return opened


def _open_model(
    evaluation: Evaluation, place: Place, conditions: Conditions
) -> _OpenedModel:
    view = evaluation.view.open(place.root)
    learner = evaluation.model.load(place.folder, view.image_shape)
    features = None
    if evaluation.cut.embeds and isinstance(learner, EmbeddingLearner):
        rows = published_rows(list(features_tasks(evaluation, conditions)), place)
        features = StoredFeatures(learner, view, rows)
    return _OpenedModel(learner, view, features)


def _has_changed(model: _OpenedModel) -> bool:
    """Return whether a file with the features of a model has changed."""
    try:
        if model.features is not None:
            model.features.refuse_changes()
    except BaselineError:
        return True
    return False


def _key(evaluation: Evaluation, place: Place, conditions: Conditions) -> str:
    wanted: dict[str, Any] = {
        "model": evaluation.model.document(),
        "view": evaluation.view.document(),
        "cut": asdict(evaluation.cut),
        "folder": str(place.folder),
        "root": str(place.root),
        "conditions": conditions.document(),
    }
    return json.dumps(wanted, sort_keys=True)
