"""The network of MAML, FOMAML and ANIL: a body and a head."""

from collections import OrderedDict

import torch
from torch import nn

from ...datasets.episodes import EpisodeSpec
from ..backbones import Shape, batch_norm, initialise_glorot, n_features
from ..config import TrainConfig
from ..learner import BaselineError
from ..outputs import last_words
from ..own_backbone import make_backbone
from ..own_code import is_own
from ..trained_learner import TrainedLearner


def make_network(config: TrainConfig, image_shape: Shape) -> nn.Module:
    """Make the network with new weights from torch's current random state.

    Raises DataError if the backbone is unknown.
    Raises BaselineError if the backbone is mlp and statistics is "image", or if a backbone
    of the user cannot be made.
    """
    if config.own.statistics == "image" and config.backbone == "mlp":
        raise BaselineError(
            "statistics=image: cannot be used with the backbone mlp: a hidden unit "
            "has only one value for an image, so there is no spread to normalise by, "
            "and every image would get the same answer. Use --set statistics=support"
        )
    body = make_backbone(config.backbone, image_shape, config.width, batch_norm)
    n_inputs = n_features(body, image_shape)
    head = nn.Linear(n_inputs, config.way)
    network = nn.Sequential(OrderedDict(body=body, head=head))
    # A network of the user keeps the weights that its function drew.
    initialise_glorot(head if is_own(config.backbone) else network)
    return network


def try_network(learner: TrainedLearner, config: TrainConfig, shape: Shape) -> None:
    """Try the network of a user on one task of black images.

    shape: (H, W, C)
    Raises BaselineError if the inner loop cannot run through the network.
    """
    spec = EpisodeSpec(config.way, 1, 1)
    images = torch.zeros(1, 2 * spec.n_way, *shape, dtype=torch.uint8)
    try:
        learner.backward(images.to(learner.device), spec, step=0)
    except BaselineError as error:
        raise BaselineError(f"backbone {config.backbone}: {error}") from error
    except Exception as error:
        # The network is the user's own, so it can raise anything.
        raise BaselineError(
            f"backbone {config.backbone}: {config.learner} cannot run this network on the "
            f"backend {config.backend}: {last_words(error)}. Build it as a "
            f"torch.nn.Sequential of usual layers, with the batch norm of "
            f"fewbench.baselines.backbones, or train a protonet"
        ) from error
    learner.network.zero_grad(set_to_none=True)
