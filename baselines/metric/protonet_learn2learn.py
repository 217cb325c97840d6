"""ProtoNet with the classifier of learn2learn (Arnold et al., learn2learn, 2020)."""

import torch
from torch import Tensor, nn

from ..learner import LearnerCard
from ..libraries import learn2learn
from .protonet import ProtoNet


class Learn2LearnProtoNet(ProtoNet):
    """A ProtoNet that computes class means and distances with learn2learn.

    The network, the training and the differences from the paper are the same as in
    `protonet.ProtoNet`.
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

    def classify(self, support_features: Tensor, query_features: Tensor) -> Tensor:
        # In float32, learn2learn's class means lose digits to a constant in the features.
        return self.scores(support_features.double(), query_features.double())
