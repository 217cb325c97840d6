"""Embed some images again, in an order that the encoder cannot foresee.

The order of an evaluation can be computed beforehand (see `features`), so an encoder that
counts its calls could know the images by their place. It cannot know an order that is
drawn from the entropy of the system. An encoder that mixes the images of a batch, keeps a
state or draws random numbers gives other features then, too.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .features import Features, embedded
from .tolerances import tolerance_of

# One of so many images is embedded again, and at least the number below.
_ONE_OF = 50
_FEWEST = 16
# Roundings of float32 that a feature of the largest size may have.
_ROUNDING = 64 * torch.finfo(torch.float32).eps


@dataclass(frozen=True)
class EmbeddedAgain:
    """The features of some images, compared with those of the evaluation.

    n_images: the number of images that were embedded again
    change: the largest change of a feature, divided by the spread of the features
    tolerance: changes up to this value are rounding
    repeated: the change when a batch of the evaluation was embedded again exactly as it
        was; None if that was not tried, since the first change is only rounding
    distinct: whether two images have different features
    """

    n_images: int
    change: float
    tolerance: float
    repeated: float | None
    distinct: bool

    @property
    def same(self) -> bool:
        """Whether the images got the same features in another order."""
        return self.change <= self.tolerance

    @property
    def repeatable(self) -> bool:
        """Whether a batch of the evaluation got the same features again."""
        return self.repeated is None or self.repeated <= self.tolerance


def embed_again(
    features: Features, generator: np.random.Generator | None = None
) -> EmbeddedAgain:
    """Embed some images again in a random order, among other images than before.

    features: the features of an evaluation. If no image is embedded yet, a random batch is.
    generator: draws the images; None for the entropy of the system
    """
    generator = generator or np.random.default_rng()
    learner = features.learner
    known = features.embedded_images(generator)
    n_images = min(_size(len(known), features.size), len(known))
    images = generator.choice(known, n_images, replace=False)
    before = features.of(images)
    tolerance = tolerance_of(learner)
    change = _change(before, embedded(learner, features.view, images))
    repeated = None
    if not change <= tolerance:
        batch = features.batch_with(images[0])
        again = embedded(learner, features.view, batch)
        repeated = _change(features.of(batch), again)
    are_distinct = _differ(before, before) or _any_differ(features, before, known)
    return EmbeddedAgain(n_images, change, tolerance, repeated, are_distinct)


def _size(n_known: int, block_size: int) -> int:
    most = max(_FEWEST, block_size)
    return min(max(n_known // _ONE_OF, _FEWEST), most)


def _any_differ(
    features: Features,
    some: Tensor,
    images: np.ndarray,
) -> bool:
    """Whether an image has other features than the first of some features: (n, d)

    images: int64 (n,)
    """
    n_images = len(images)
    for first in range(0, n_images, features.size):
        few = images[first : first + features.size]
        if _differ(some, features.of(few)):
            return True
    return False


def _differ(some: Tensor, others: Tensor) -> bool:
    """Whether one of the others differs from the first of some features: (n, d) each"""
    first = some[:1]
    are_equal = (others == first).all()
    return not bool(are_equal)


def _change(before: Tensor, after: Tensor) -> float:
    """Return the largest change of a feature, divided by the spread of the features."""
    before = before.double()
    if after.shape != before.shape:
        return float("inf")
    rounding = _ROUNDING * float(before.abs().max())
    spread = float((before - before.mean(0)).square().mean().sqrt())
    largest = float((after.to(before) - before).abs().max())
    return max(0.0, largest - rounding) / (spread or 1.0)
