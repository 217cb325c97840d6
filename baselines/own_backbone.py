"""Make a backbone, which may be a network of the user.

A recipe names a network of the user as `backbone = "module:factory"`. The factory is a
function `(image_shape, width) -> torch.nn.Module`.
"""

import copy

import torch
from torch import Tensor, nn

from fewbench.documents import shown
from fewbench.errors import UserError

from ..datasets.lookup import pick
from .backbones import BACKBONES, Norm, Shape, running_norm
from .learner import BaselineError
from .outputs import described, last_words
from .own_code import imported, is_own

_N_TRIED = 2


def make_backbone(
    name: str, image_shape: Shape, width: int, norm: Norm = running_norm
) -> nn.Module:
    """Make a backbone with new weights.

    name: a backbone of fewbench, or "module:factory"
    image_shape: (H, W, C)
    norm: makes the norms of a backbone of fewbench; a network of the user has its own
    Raises DataError if fewbench has no such backbone.
    Raises BaselineError if the factory is missing, fails, or returns something else than a
    module that turns float32 (n, C, H, W) into features (n, d).
    """
    if is_own(name):
        return _own_backbone(name, image_shape, width)
    make = pick("backbone", name, BACKBONES)
    return make(image_shape, width, norm)


def _own_backbone(name: str, image_shape: Shape, width: int) -> nn.Module:
    factory = imported(name)
    name = shown(name, 200)
    if not callable(factory):
        raise BaselineError(
            f"backbone {name}: expected a function (image_shape, width) -> torch.nn.Module, "
            f"got {described(factory)}. Define it in {name.partition(':')[0]}"
        )
    try:
        module = factory(image_shape, width)
        features = _features(module, image_shape)
    except UserError:
        raise
    except Exception as error:
        # The code is the user's own, so it can raise anything.
        raise BaselineError(
            f"backbone {name}: failed for images of the shape {image_shape} and width "
            f"{width}: {last_words(error)}. Expected a function (image_shape, width) that "
            f"returns a module for float32 images (n, C, H, W)"
        ) from error
    _check(name, module, features)
    assert isinstance(module, nn.Module)
    return module


def _features(module: object, image_shape: Shape) -> object:
    """Return what a copy of the module makes of a few black images."""
    if not isinstance(module, nn.Module):
        return None
    height, width, channels = image_shape
    images = torch.zeros(_N_TRIED, channels, height, width)
    images = images.to(memory_format=torch.channels_last)
    # A copy, because these images must not change running averages.
    tried = copy.deepcopy(module)
    with torch.no_grad():
        return tried(images)


def _check(name: str, module: object, features: object) -> None:
    if not isinstance(module, nn.Module):
        raise BaselineError(
            f"backbone {name}: expected a torch.nn.Module, got {described(module)}. "
            f"Change what the function returns"
        )
    if isinstance(features, Tensor):
        is_table = features.ndim == 2 and len(features) == _N_TRIED
        if is_table and features.is_floating_point():
            return
    raise BaselineError(
        f"backbone {name}: expected features of the shape ({_N_TRIED}, d) for {_N_TRIED} "
        f"images, got {described(features)}. End the network with torch.nn.Flatten()"
    )
