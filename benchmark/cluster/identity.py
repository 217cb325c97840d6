"""What decides the features of a model: its weights, and its features on fixed images.

The weights alone do not tell what the code around them does, or what a transform of the
user does. So 64 images, which never change, are prepared and embedded too.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...baselines.evaluation.encoder_digest import features_digest, weights_digest_of
from ...baselines.evaluation.features import embedded, embedding_order
from ...baselines.learner import BaselineError, EmbeddingLearner
from ...datasets.prepared_view import PreparedView
from ...datasets.random_draws import random_words
from ...datasets.view import ImageView
from .model_source import ModelSource

_KEY = 19  # of the random numbers
_N_IMAGES = 64


def fixed_images(shape: tuple[int, int, int]) -> np.ndarray:
    """Return images that never change: uint8 (64, H, W, C)"""
    n_values = _N_IMAGES * int(np.prod(shape))
    words = random_words(_KEY, 0, 1, -(-n_values // 8))[0]
    values = words.astype("<u8").view(np.uint8)[:n_values]
    return values.reshape(_N_IMAGES, *shape)


def identity_of(learner: EmbeddingLearner, view: ImageView) -> dict[str, Any]:
    """Return what decides the features of a model, as values for JSON.

    view: the images that it will embed, prepared as it needs them
    Raises BaselineError or DataError if the images cannot be prepared or embedded.
    """
    weights = weights_digest_of(learner)
    # An encoder of a user is tried on the first images that it gets: always on these.
    embedded(learner, view, embedding_order(view)[:2])
    images = fixed_images(view.stores[0].image_shape)
    if isinstance(view, PreparedView):
        images = view.prepare(images)
    features = features_digest(learner, images)
    return {
        "weights_sha256": weights,
        "features_sha256": features.sha256,
        "bytes_per_image": features.bytes_per_image,
        "precision": learner.card.precision,
    }


def check_identity(
    learner: EmbeddingLearner,
    view: ImageView,
    source: ModelSource,
) -> None:
    """Raise BaselineError if a model was loaded again and is another one.

    source: the model; one that a task of the same work trained is not checked again
    """
    wanted: Mapping[str, Any] = source.identity
    if "weights_sha256" not in wanted:
        return
    found = identity_of(learner, view)
    if found == wanted:
        return
    is_same = found["weights_sha256"] == wanted["weights_sha256"]
    what = "features on fixed images" if is_same else "weights"
    raise BaselineError(
        f"{source.what}: gave a model with other {what} when it was loaded again: "
        f"expected the same model each time. Load its weights from a file in the "
        f"function, or set torch.manual_seed(0) first, and type the same command again"
    )
