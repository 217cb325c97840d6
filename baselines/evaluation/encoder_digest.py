"""Hash the weights of an encoder, and its features on some images."""

import hashlib
from typing import NamedTuple

import numpy as np
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from ..checkpoints import weights_digest
from ..learner import EmbeddingLearner
from .features import check_features


def weights_digest_of(learner: EmbeddingLearner) -> str | None:
    """Return one hash of all tensors in the networks that a learner holds.

    None if it holds no network. Call it before the learner embeds its first batch: it may
    then keep a faster copy of its network. A lazy module has no weights before this batch.
    """
    tensors: dict[str, Tensor] = {}
    for name, value in vars(learner).items():
        if not isinstance(value, nn.Module):
            continue
        for key, tensor in value.state_dict().items():
            # A module may keep other things beside its tensors.
            if isinstance(tensor, Tensor) and not is_lazy(tensor):
                tensors[f"{name}.{key}"] = tensor
    if not tensors:
        return None
    return weights_digest(tensors)


class FeaturesDigest(NamedTuple):
    """The hash of some features, and the size of those of one image."""

    sha256: str
    bytes_per_image: int


def features_digest(learner: EmbeddingLearner, images: np.ndarray) -> FeaturesDigest:
    """Return the hash of a learner's features of some images.

    images: uint8 or float32 (n, H, W, C)
    Raises BaselineError if the features have the wrong shape or are not finite.
    """
    features = learner.embed(images)
    check_features(features, len(images))
    values = features.detach().cpu().contiguous()
    shape = tuple(values.shape)
    head = f"{values.dtype} {shape}\n"
    digest = hashlib.sha256(head.encode())
    precise = values.double().numpy()
    digest.update(precise.tobytes())
    bytes_per_image = shape[1] * values.element_size()
    return FeaturesDigest(digest.hexdigest(), bytes_per_image)
