"""Turn a model of the user (a learner, an encoder or a function) into a learner."""

import copy
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from .learner import BaselineError, Learner, LearnerCard
from .metric.protonet import ProtoNet


class FunctionLearner(Learner):
    """A learner that calls a function of the user for each episode.

    function: `(support_images, support_labels, query_images) -> scores`, with the
        arrays of `Learner.predict`
    """

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
    """Return a learner that answers episodes with a model of the user.

    model: a Learner, which is returned unchanged; or a torch.nn.Module that embeds
        images, whose embeddings are compared as in ProtoNet; or a function
        `(support_images, support_labels, query_images) -> scores`
    name: the learner's name in results; None for the name of the class or function
    device: the device for an encoder; None for the device of its parameters
    Raises BaselineError if the model is of another type, or an encoder whose batch norm
    keeps no running statistics.
    """
    if isinstance(model, Learner):
        return model
    if not callable(model):
        raise BaselineError(
            f"cannot evaluate this model: expected a Learner, a torch.nn.Module that "
            f"embeds images, or a function (support_images, support_labels, "
            f"query_images) -> scores, got an object of type {type(model).__name__}. "
            f"Pass one of these three."
        )
    own_name = getattr(model, "__name__", type(model).__name__)
    learner_name = name or own_name
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
    # The encoder was not trained with these distances, so they are not logits.
    learner.scores_are = "scores"
    return learner


def _refuse_batch_statistics(encoder: nn.Module) -> None:
    """Raise BaselineError if a batch norm of the encoder keeps no running statistics.

    Such a norm uses the statistics of its batch. The evaluation embeds images in
    batches that mix episodes, so the features would depend on this arbitrary choice of
    images.
    """
    for name, module in encoder.named_modules():
        if isinstance(module, _NormBase) and module.running_mean is None:
            raise BaselineError(
                f"cannot evaluate the encoder: '{name}' normalises by the statistics "
                f"of its batch even in eval mode, so the features of an image would "
                f"depend on other images: expected running statistics, got none. Build "
                f"this layer with track_running_stats=True, or pass a function that "
                f"answers a whole episode."
            )
