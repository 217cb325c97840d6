"""Measure the accuracy of a model for a check."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypedDict

from ....baselines.learner import Learner
from ....baselines.preparation import Preparation
from ....reports.protocol import EvalProtocol
from ....reports.records import RunResult
from ....reports.remarks import ResultWarning
from ...episodes import find_episodes
from ...evaluate import evaluate
from ...labels import Labels
from ...models import Loading, load_model
from ...protocols.stream import EpisodeStream


class Evaluation(TypedDict, total=False):
    """How a model is evaluated; see `fewbench.evaluate`."""

    preparation: Preparation | None
    batch_size: int | None
    features: str | int | Callable[..., object] | None
    root: str | Path | None


class Measured(NamedTuple):
    """A result, and what `evaluate` warns of."""

    result: RunResult
    warnings: list[str]


def measure(
    model: object,
    protocol: EvalProtocol,
    how: Evaluation,
    train_seed: int | None = None,
) -> Measured:
    """Evaluate a model without a progress bar. Warnings are returned, and not shown.

    model: a model as for `fewbench.evaluate`, or what `fewbench evaluate` would be told
        on the command line: a checkpoint, the folder of a run or module:factory
    train_seed: the seed that trained the model; None if it was not trained for this
    Raises UserError if the model cannot be evaluated or the dataset is missing.
    """
    root = how.get("root")
    stream = find_episodes(protocol, None if root is None else Path(root))
    if isinstance(model, str | Path):
        model = _loaded(str(model), stream, how)
    labels = Labels()
    if not _knows_its_training(model):
        labels = Labels(train_seed=train_seed)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResultWarning)
        result = evaluate(
            model,
            stream,
            preparation=how.get("preparation"),
            batch_size=how.get("batch_size"),
            features=how.get("features"),
            labels=labels,
        )
    found = []
    for one in caught:
        if issubclass(one.category, ResultWarning):
            found.append(str(one.message))
    return Measured(result, found)


def _loaded(what: str, stream: EpisodeStream, how: Evaluation) -> Learner:
    features = how.get("features")
    loading = Loading(
        batch_size=how.get("batch_size"),
        features=None if features is None else str(features),
        image_shape=stream.view.image_shape,
    )
    return load_model(what, loading)


def _knows_its_training(model: object) -> bool:
    """Return whether fewbench trained the model, so that it knows its seed."""
    return isinstance(model, Learner) and bool(model.card.recipe)
