"""The network of MAML, FOMAML and ANIL: a body and a head."""

from collections import OrderedDict

from torch import nn

from ...datasets.lookup import pick
from ..backbones import BACKBONES, Shape, batch_norm, initialise_glorot, n_features
from ..config import TrainConfig
from ..learner import BaselineError


def make_network(config: TrainConfig, image_shape: Shape) -> nn.Module:
    """Make the network with new weights from torch's current random state.

    Raises DataError if the backbone is unknown.
    Raises BaselineError if the backbone is mlp and statistics is "image".
    """
    if config.own.statistics == "image" and config.backbone == "mlp":
        raise BaselineError(
            "statistics=image: cannot be used with the backbone mlp: a hidden unit "
            "has only one value for an image, so there is no spread to normalise by, "
            "and every image would get the same answer. Use --set statistics=support"
        )
    make_backbone = pick("backbone", config.backbone, BACKBONES)
    body = make_backbone(image_shape, config.width, batch_norm)
    n_inputs = n_features(body, image_shape)
    head = nn.Linear(n_inputs, config.way)
    network = nn.Sequential(OrderedDict(body=body, head=head))
    initialise_glorot(network)
    return network
