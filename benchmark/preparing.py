"""Evaluate a model on images that are prepared for it."""

import copy
from dataclasses import replace

from ..baselines.learner import BaselineError, EmbeddingLearner, Learner
from ..baselines.preparation import RESAMPLING, Preparation
from ..datasets.prepared_view import PreparedView
from ..datasets.store.manifest import recorded, resampling_of
from ..datasets.view import ImageView
from ..reports.origin import ImagePreparation, Pixels
from .protocols.stream import EpisodeStream


def prepared_stream(
    stream: EpisodeStream, preparation: Preparation | None
) -> EpisodeStream:
    """Return a stream of the same episodes with prepared images.

    preparation: None to leave the images as they are
    Raises DataError or BaselineError if the images cannot be prepared.
    """
    if preparation is None or preparation == Preparation():
        return stream
    if not isinstance(preparation, Preparation):
        raise BaselineError(
            f"preparation: expected a fewbench.Preparation, got {preparation!r:.60}. Type "
            f"for example preparation=fewbench.Preparation(size=224)"
        )
    return replace(stream, view=PreparedView(stream.view, preparation))


def with_batch_size(learner: Learner, batch_size: int | None) -> Learner:
    """Return a learner that embeds this number of images in a forward pass.

    batch_size: None to choose it by the size of the images
    Raises BaselineError if the number is below 1, or if the learner embeds no images.
    """
    if batch_size is None:
        return learner
    if type(batch_size) is not int or batch_size < 1:
        raise BaselineError(
            f"batch size: expected at least 1 image, got {batch_size!r}. Type for example "
            f"--batch-size 64"
        )
    if not isinstance(learner, EmbeddingLearner):
        raise BaselineError(
            f"--batch-size {batch_size}: has no effect on {learner.card.name}, which "
            f"answers whole episodes. Omit it"
        )
    # A copy, so that the user's learner stays as it is.
    learner = copy.copy(learner)
    learner.images_per_batch = batch_size
    return learner


def pixels_of(view: ImageView) -> Pixels:
    """Return the size, channels and resizing filter of the images that a learner gets.

    What their spectrum and their JPEG files told is that of the stored images.
    """
    height, width, channels = view.image_shape
    resampling = resampling_of(view.stores)
    if isinstance(view, PreparedView):
        prepare = view.prepare
        if isinstance(prepare, Preparation) and prepare.size is not None:
            resampling = f"{resampling}, then {RESAMPLING} to {prepare.size} px"
    return Pixels(
        height,
        width,
        channels,
        resampling,
        spectrum=recorded(view.stores, "spectrum") or None,
        jpeg=recorded(view.stores, "jpeg") or None,
    )


def preparation_record(learner: Learner, view: ImageView) -> ImagePreparation | None:
    """Return the preparation of the images for a result; None if nothing was chosen."""
    batch_size = getattr(learner, "images_per_batch", None)
    prepare = getattr(view, "prepare", None)
    if not isinstance(prepare, Preparation):
        if batch_size is None:
            return None
        prepare = Preparation()
    return ImagePreparation(
        size=prepare.size,
        transform=prepare.transform_name,
        mean=prepare.mean,
        std=prepare.std,
        batch_size=batch_size,
        invert=prepare.invert or None,
    )
