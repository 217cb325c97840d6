"""Patches of a trained ProtoNet, as a careless commit might change its evaluation."""

import copy
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from unittest.mock import patch

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from fewbench.baselines.backbones import to_input
from fewbench.baselines.distances import negative_squared_distances
from fewbench.baselines.metric.folding import folded
from fewbench.baselines.metric.protonet import ProtoNet

# The learner while it is evaluated.
Patch = Callable[[ProtoNet], AbstractContextManager[object]]


def swapped_classes(learner: ProtoNet) -> AbstractContextManager[object]:
    """Exchange the answers "class 0" and "class 1" in each episode."""
    right = learner.classify

    def classify(support: Tensor, query: Tensor) -> Tensor:
        scores = right(support, query)
        order = torch.arange(scores.shape[-1])
        order[:2] = torch.tensor([1, 0])
        return scores[..., order]

    return patch.object(learner, "classify", classify)


def shifted_labels(share: float) -> Patch:
    """Return a patch that shifts all answers of some episodes by one class."""

    def patched(learner: ProtoNet) -> AbstractContextManager[object]:
        right = learner.classify

        def classify(support: Tensor, query: Tensor) -> Tensor:
            scores = right(support, query)
            for i, episode in enumerate(support):
                if _draw(episode) < share:
                    scores[i] = scores[i].roll(1, -1)
            return scores

        return patch.object(learner, "classify", classify)

    return patched


def _draw(episode: Tensor) -> float:
    """Draw a number from 0 to 1 that depends on the support features of an episode alone."""
    return zlib.crc32(episode.numpy().tobytes()) / 2**32


def scored(formula: Callable[[Tensor, Tensor], Tensor]) -> Patch:
    return lambda learner: patch.object(learner, "classify", formula)


def plain_distance(support: Tensor, query: Tensor) -> Tensor:
    squares = -negative_squared_distances(query, support.mean(-2))
    return -squares.clamp_min(0).sqrt()


def short_formula(support: Tensor, query: Tensor) -> Tensor:
    """Compute the scores in float32 without care for rounding."""
    return negative_squared_distances(query, support.mean(-2))


def all_in_float64(support: Tensor, query: Tensor) -> Tensor:
    prototypes = support.double().mean(-2)
    return negative_squared_distances(query.double(), prototypes)


def fewer_images(learner: ProtoNet) -> AbstractContextManager[object]:
    right = learner.classify

    def classify(support: Tensor, query: Tensor) -> Tensor:
        return right(support[:, :, :-1], query)

    return patch.object(learner, "classify", classify)


def peeking(learner: ProtoNet) -> AbstractContextManager[object]:
    """Move each class mean towards the queries that it wins, without their labels."""
    right = learner.classify

    def classify(support: Tensor, query: Tensor) -> Tensor:
        won = right(support, query).softmax(-1).float()
        n_shot = support.shape[-2]
        sums = support.sum(-2) + won.mT @ query
        means = sums / (n_shot + won.sum(-2).unsqueeze(-1))
        return right(means.unsqueeze(-2), query)

    return patch.object(learner, "classify", classify)


def of_images(change: Callable[[np.ndarray], np.ndarray]) -> Patch:
    """Return a patch that changes the images before they are embedded."""

    def patched(learner: ProtoNet) -> AbstractContextManager[object]:
        right = learner.embed
        return patch.object(learner, "embed", lambda images: right(change(images)))

    return patched


def bgr(images: np.ndarray) -> np.ndarray:
    return images[..., ::-1].copy()


def inverted(images: np.ndarray) -> np.ndarray:
    return 255 - images


def standardised(images: np.ndarray) -> np.ndarray:
    """Subtract the mean and divide by the deviation of ImageNet's first channel."""
    return (images.astype(np.float32) / 255 - 0.485) / 0.229


def zoomed(images: np.ndarray) -> np.ndarray:
    """Enlarge images to 92 px by the filter bilinear, and crop 84 px in the middle."""
    made = np.empty_like(images)
    for i, image in enumerate(images):
        large = Image.fromarray(image).resize((92, 92), Image.Resampling.BILINEAR)
        made[i] = np.asarray(large)[4:88, 4:88]
    return made


def of_network(
    change: Callable[[nn.Module], nn.Module], dtype: torch.dtype = torch.float32
) -> Patch:
    """Return a patch that embeds with a changed copy of the network.

    change: returns the network as it is called
    dtype: the type of the images
    """

    def patched(learner: ProtoNet) -> AbstractContextManager[object]:
        network = change(copy.deepcopy(learner.network).eval())

        def embed(images: np.ndarray) -> Tensor:
            with torch.inference_mode():
                pixels = to_input(torch.from_numpy(images)).to(dtype)
                return network(pixels).flatten(1)

        return patch.object(learner, "embed", embed)

    return patched


def training_mode(network: nn.Module) -> nn.Module:
    return network.train()


def in_float64(network: nn.Module) -> nn.Module:
    return network.double()


def unchanged(network: nn.Module) -> nn.Module:
    return network


def without_last_pool(network: nn.Module) -> nn.Module:
    pools = [name for name, part in network.named_modules() if _is_pool(part)]
    block, _, place = pools[-1].rpartition(".")
    setattr(network.get_submodule(block), place, nn.Identity())
    return folded(network)


def _is_pool(part: nn.Module) -> bool:
    return isinstance(part, nn.MaxPool2d)


def noisy(share: float) -> Patch:
    """Return a patch that adds noise to the weights of the last convolution.

    share: the standard deviation of the noise, as a share of that of the weights
    """

    def change(network: nn.Module) -> nn.Module:
        layers = [part for part in network.modules() if isinstance(part, nn.Conv2d)]
        weight = layers[-1].weight
        draws = torch.randn(weight.shape, generator=torch.Generator().manual_seed(0))
        weight.data += share * weight.std() * draws
        return folded(network)

    return of_network(change)


def in_bf16(learner: ProtoNet) -> AbstractContextManager[object]:
    return patch.object(ProtoNet, "bf16", True)


def batches_of_8(learner: ProtoNet) -> AbstractContextManager[object]:
    return patch.object(learner, "images_per_batch", 8)
