"""Turn a model of the user (a learner, an encoder or a function) into a learner."""

import inspect
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from fewbench.errors import UserError

from .learner import BaselineError, Learner, LearnerCard
from .outputs import Choice, described, last_words, score_array
from .own_encoder import EncoderLearner


class FunctionLearner(Learner):
    """A learner that calls a function of the user for each episode.

    function: `(support_images, support_labels, query_images) -> scores`; these arrays
        are the same as in `Learner.predict`
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
        try:
            scores = self.function(support_images, support_labels, query_images)
        except UserError:
            raise
        except Exception as error:
            raise BaselineError(
                f"{self.card.name} failed on an episode with {len(support_images)} support "
                f"images and {len(query_images)} query images: {last_words(error)}. Expected "
                f"a function (support_images, support_labels, query_images) -> scores"
            ) from error
        return score_array(scores)


def as_learner(
    model: object,
    name: str | None = None,
    device: torch.device | None = None,
    features: Choice | None = None,
) -> Learner:
    """Return a learner that answers episodes with a model of the user.

    model: a Learner, which is returned unchanged; or a torch.nn.Module that embeds
        images, whose embeddings are compared as in ProtoNet; or a function
        `(support_images, support_labels, query_images) -> scores`
    name: the learner's name in results; None for the name of the class or function
    device: the device for an encoder; None for the device of the encoder's parameters
    features: where an encoder's output holds the features, if it is not a tensor: the
        name or the index of a member, or a function of the output
    Raises BaselineError if the model is of another type, if it is an encoder without
    weights, or if it is an encoder whose batch norm keeps no running statistics.
    """
    own_name = getattr(model, "__name__", type(model).__name__)
    learner_name = name or own_name
    if isinstance(model, nn.Module):
        return EncoderLearner(model, learner_name, device, features)
    if features is not None:
        raise BaselineError(
            f"features={features!r}: has no effect on {own_name}: expected a "
            f"torch.nn.Module that embeds images, got {described(model)}. Omit features"
        )
    if isinstance(model, Learner):
        return model
    _refuse_other_models(model)
    assert callable(model)
    return FunctionLearner(model, learner_name)


def is_model(value: object) -> bool:
    """Whether a value is a model itself, and no function that could make one."""
    return isinstance(value, (Learner, nn.Module))


def _refuse_other_models(model: object) -> None:
    """Raise BaselineError unless the model can be a function of an episode."""
    got = described(model)
    advice = "Pass one of these three."
    if isinstance(model, type):
        got = f"the class {model.__name__}"
        advice = f"Pass an object of this class: {model.__name__}(...)"
    elif callable(model):
        if _takes_three(model):
            return
        got = (
            f"the function {getattr(model, '__name__', got)}{inspect.signature(model)}"
        )
    raise BaselineError(
        f"cannot evaluate this model: expected a Learner, a torch.nn.Module that "
        f"embeds images, or a function (support_images, support_labels, "
        f"query_images) -> scores, got {got}. {advice}"
    )


def _takes_three(function: Callable[..., object]) -> bool:
    """Whether a function can be called with three arguments; True if it cannot be told."""
    try:
        inspect.signature(function).bind(None, None, None)
    except ValueError:
        return True  # a function written in C may have no signature
    except TypeError:
        return False
    return True
