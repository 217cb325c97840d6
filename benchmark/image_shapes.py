"""Compare the images that trained a learner with those of an evaluation."""

from collections.abc import Sequence

import numpy as np

from ..baselines.evaluation.stored_learner import StoredLearner
from ..baselines.learner import BaselineError, EmbeddingLearner, Learner
from .protocols.stream import EpisodeStream


def check_images(learner: Learner, stream: EpisodeStream) -> None:
    """Check that a learner takes the images of these episodes, before it is evaluated.

    A learner that embeds images takes other sizes than that of its training, if its
    network does. No trained learner takes another number of channels.
    Raises BaselineError if it does not take them.
    """
    check_image_shape(learner, stream.view.image_shape, stream.protocol.name)


def try_images(learner: Learner, streams: Sequence[EpisodeStream]) -> None:
    """Check that a learner takes the images of several streams, before the first is done.

    If their images differ in shape, a learner that embeds images gets two of each shape.
    Raises BaselineError if it does not take them.
    """
    views = {}
    for stream in streams:
        check_images(learner, stream)
        views[stream.view.image_shape] = stream.view
    if len(views) == 1 or isinstance(learner, StoredLearner):
        return
    if isinstance(learner, EmbeddingLearner):
        for view in views.values():
            learner.embed(view.images(np.arange(2)))


def check_image_shape(
    learner: Learner, shape: tuple[int, int, int], where: str
) -> None:
    """Check that a learner takes images of this shape (H, W, C).

    where: the name of the protocol or the split, for the message
    Raises BaselineError if it does not take them.
    """
    trained = learner.card.image_shape
    if trained is None or trained == shape:
        return
    if trained[2] == shape[2] and _embeds(learner, shape):
        return
    data = learner.card.trained_on
    advice = "Choose a protocol with such images: fewbench protocol list"
    if data is not None:
        advice = f"Choose a protocol of {data.dataset}: fewbench protocol list"
    raise BaselineError(
        f"{learner.card.name} on {where}: expected {_in_words(trained)}, on which "
        f"this learner was trained, got {_in_words(shape)}. {advice}"
    )


def _embeds(learner: Learner, shape: tuple[int, int, int]) -> bool:
    """Tell whether a learner embeds images, also those of this shape (H, W, C)."""
    if not isinstance(learner, EmbeddingLearner):
        return False
    black = np.zeros((2, *shape), np.uint8)
    try:
        learner.embed(black)
    except RuntimeError:  # what torch raises if the sizes of layers do not fit
        return False
    except BaselineError:  # a learner of stored features embeds nothing
        return True
    return True


def _in_words(shape: tuple[int, int, int]) -> str:
    height, width, channels = shape
    colour = {1: "grey", 3: "colour"}.get(channels, f"{channels}-channel")
    return f"{colour} images of {height} x {width} px"
