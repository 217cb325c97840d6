"""TODO docstring of fewbench.baselines.any_model."""

import copy
import re
from collections.abc import Callable

import numpy as np
from torch import Tensor, nn

from .learner import BaselineError, Learner, LearnerCard


class FunctionLearner(Learner):
    """Anyone's `(support_images, support_labels, query_images) -> scores`."""

    def __init__(self, function: Callable[..., object], name: str) -> None:
        self.function = function
        self.card = LearnerCard(name, device="other", precision="other")

    def predict(
        self,
        support_images: np.ndarray,
        support_labels: np.ndarray,
        query_images: np.ndarray,
    ) -> np.ndarray:
        scores = self.function(support_images, support_labels, query_images)
        return (
            scores.detach().cpu().numpy()
            if isinstance(scores, Tensor)
            else np.asarray(scores)
        )


def as_learner(model: object, name: str | None = None) -> Learner:
    """A learner out of a learner, an encoder module (compared as in ProtoNet), or a function.

    Raises BaselineError for anything else.
    """
    if isinstance(model, Learner):
        return model
    if not callable(model):
        raise BaselineError(
            f"cannot evaluate a {type(model).__name__}: expected a Learner, a torch.nn.Module "
            f"encoder, or a function (support_images, support_labels, query_images) -> scores."
        )
    name = _file_name(name or getattr(model, "__name__", type(model).__name__))
    if not isinstance(model, nn.Module):
        return FunctionLearner(model, name)
    from .metric.protonet import ProtoNet  # protonet imports this module

    _refuse_batch_statistics(model)
    device = next((parameter.device.type for parameter in model.parameters()), "cpu")
    card = LearnerCard(name, backbone=type(model).__name__, device=device)
    learner = ProtoNet(copy.deepcopy(model), card)  # the user's module stays as it is
    learner.scores_are = "scores"  # nobody trained it to predict by these distances
    return learner


def _refuse_batch_statistics(model: nn.Module) -> None:
    """Images are embedded in batches of no episode: their statistics would be nobody's protocol."""
    for name, module in model.named_modules():
        if (
            isinstance(module, nn.modules.batchnorm._NormBase)
            and module.running_mean is None
        ):
            raise BaselineError(
                f"cannot evaluate the encoder: '{name}' normalises by the statistics of its batch "
                f"even in eval mode, so features would depend on other images. Keep running "
                f"statistics (track_running_stats=True), or pass a function of the whole episode."
            )


def _file_name(words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-") or "model"
