"""ProtoNet with the classifier of learn2learn (Arnold et al., learn2learn, 2020)."""

import torch
from torch import Tensor, nn

from ..backbones import Shape
from ..config import TrainConfig, learner_card
from ..learner import LearnerCard
from ..libraries import learn2learn
from .protonet import ProtoNet, make_network


class Learn2LearnProtoNet(ProtoNet):
    """A ProtoNet that computes class means and distances with learn2learn.

    Its network and training are those of `protonet.ProtoNet`. It has the same
    differences from the paper.
    """

    def __init__(
        self,
        network: nn.Module,
        card: LearnerCard,
        temperature: float = 1.0,
    ) -> None:
        super().__init__(network, card, temperature)
        self._classifier = learn2learn().nn.PrototypicalClassifier

    def scores(self, support: Tensor, query: Tensor) -> Tensor:
        if support.ndim == 4:
            # The classifier takes one episode at a time.
            episodes = zip(support, query, strict=True)
            answers = [self.scores(*episode) for episode in episodes]
            return torch.stack(answers)
        n_way, n_shot, _ = support.shape
        classes = torch.arange(n_way, device=support.device)
        labels = classes.repeat_interleave(n_shot)
        images = support.flatten(0, 1)
        classify = self._classifier(images, labels)
        return classify(query)


def make(
    config: TrainConfig,
    image_shape: Shape,
    device: torch.device,
) -> Learn2LearnProtoNet:
    """Make a ProtoNet with new weights that computes distances with learn2learn.

    Raises DataError if the backbone is unknown.
    Raises BaselineError if learn2learn cannot be imported.
    """
    network = make_network(config, image_shape)
    card = learner_card(config, device)
    return Learn2LearnProtoNet(network, card, config.temperature)
