"""Makes a learner of what a user has: a learner, an encoder module or a function."""

import copy
import re
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from .learner import BaselineError, Learner, LearnerCard
from .metric.protonet import ProtoNet


class FunctionLearner(Learner):
    """A function `(support_images, support_labels, query_images) -> scores` as a learner."""

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
        if isinstance(scores, Tensor):
            return scores.detach().cpu().numpy()
        return np.asarray(scores)


def as_learner(
    model: object, name: str | None = None, device: torch.device | None = None
) -> Learner:
    """The learner that answers episodes with this model.

    model: a Learner (returned as it is), an encoder module (its embeddings are compared
        as in ProtoNet) or a function `(support_images, support_labels, query_images) ->
        scores`
    device: where an encoder computes; None: where it is
    Raises BaselineError for anything else.
    """
    if isinstance(model, Learner):
        return model
    if not callable(model):
        raise BaselineError(
            f"cannot evaluate this model: expected a Learner, a torch.nn.Module encoder or "
            f"a function (support_images, support_labels, query_images) -> scores, got an "
            f"object of type {type(model).__name__}."
        )
    own_name = getattr(model, "__name__", type(model).__name__)
    learner_name = _name_for_files(name or own_name)
    if isinstance(model, nn.Module):
        return _encoder_learner(model, learner_name, device)
    return FunctionLearner(model, learner_name)


def _encoder_learner(
    encoder: nn.Module, name: str, device: torch.device | None
) -> ProtoNet:
    _refuse_batch_statistics(encoder)
    first_parameter = next(encoder.parameters(), None)
    device_type = "cpu" if first_parameter is None else first_parameter.device.type
    if device is not None:
        device_type = device.type
    card = LearnerCard(name, backbone=type(encoder).__name__, device=device_type)
    # A copy, so that the user's module stays as it is.
    learner = ProtoNet(copy.deepcopy(encoder), card)
    # The encoder was not trained to predict by these distances, so they are no logits.
    learner.scores_are = "scores"
    return learner


def _refuse_batch_statistics(encoder: nn.Module) -> None:
    """Raises BaselineError for a norm without running statistics.

    Images are embedded in batches that have nothing to do with episodes, so no protocol
    would describe what such a norm computes.
    """
    for name, module in encoder.named_modules():
        if isinstance(module, _NormBase) and module.running_mean is None:
            raise BaselineError(
                f"cannot evaluate the encoder: '{name}' normalises by the statistics of "
                f"its batch even in eval mode, so the features of an image would depend on "
                f"other images. Keep running statistics (track_running_stats=True), or "
                f"pass a function that answers a whole episode."
            )


def _name_for_files(words: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")
    return name or "model"
