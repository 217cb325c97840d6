"""The model of some tasks: how a worker loads it, and what decides its features."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ...baselines.learner import BaselineError, Learner
from ...baselines.weights.choice import WeightsChoice
from ..models import Loading, load_model

# What a user is told about a checkpoint that cannot be read.
_TRAIN_AGAIN = re.compile(r"\. Train (the|a) learner.*", re.DOTALL)


@dataclass(frozen=True)
class ModelSource:
    """The model of some tasks, as values for JSON.

    identity: all that decides the model's answers, such as {"training": ID OF THE TASK}
    what: the model as on the command line; for a training of the same work, the path of
        its published file in the shared folder
    loading: arguments of `Loading`; those of `WeightsChoice` as a mapping
    """

    identity: Mapping[str, Any]
    what: str
    loading: Mapping[str, Any] = field(default_factory=dict)

    def load(self, folder: Path, image_shape: tuple[int, int, int]) -> Learner:
        """Load the model.

        folder: the shared folder of the work
        image_shape: the shape (H, W, C) of the images that it will see
        Raises BaselineError if the model cannot be loaded.
        """
        what = self.what
        if "training" in self.identity:
            what = str(folder / what)
        values = dict(self.loading)
        values["settings"] = tuple(values.get("settings", ()))
        if "weights" in values:
            weights = values["weights"]
            drop = tuple(weights["drop"])
            values["weights"] = WeightsChoice(**{**weights, "drop": drop})
        try:
            return load_model(what, Loading(image_shape=image_shape, **values))
        except BaselineError as error:
            if "training" in self.identity:
                raise _with_advice_for_work(error) from error
            raise

    def document(self) -> dict[str, Any]:
        """Return the source as values for JSON, from which `ModelSource(**document)` comes."""
        return asdict(self)


def _with_advice_for_work(error: BaselineError) -> BaselineError:
    """Return an error about a checkpoint, for one that a task of the work published.

    The work trains it again, but only if the file is gone.
    """
    advice = ". Delete this file, then type the command again that made it"
    return BaselineError(_TRAIN_AGAIN.sub(advice, str(error)))
