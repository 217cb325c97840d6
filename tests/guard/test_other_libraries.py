"""The ProtoNets of learn2learn and easyfsl under guard, in a test file of 20 lines."""

import pytest
import torch


def as_tensor(images):
    return torch.from_numpy(images).movedim(-1, 1).double() / 255


def test_easyfsl(accuracy, glyphs_root):
    methods = pytest.importorskip("easyfsl.methods", exc_type=ImportError)

    def easyfsl(support, labels, queries):
        network = methods.PrototypicalNetworks(torch.nn.Flatten())
        network.process_support_set(as_tensor(support), torch.from_numpy(labels))
        return network(as_tensor(queries))

    accuracy(easyfsl, "glyphs-5w1s", episodes=20, root=glyphs_root)


def test_learn2learn(accuracy, glyphs_root):
    layers = pytest.importorskip("learn2learn.nn", exc_type=ImportError)

    def learn2learn(support, labels, queries):
        support, labels = as_tensor(support).flatten(1), torch.from_numpy(labels)
        return layers.PrototypicalClassifier(support, labels)(
            as_tensor(queries).flatten(1)
        )

    accuracy(learn2learn, "glyphs-5w1s", episodes=20, root=glyphs_root)
