import numpy as np
import torch

from fewbench.baselines.metric.centroid import Centroid, make
from fewbench_tests.random_episodes import random_episode


def test_centroid_scores_equal_a_plain_numpy_version() -> None:
    support, labels, query = random_episode()
    flat = support.reshape(6, -1) / 255
    centroids = np.stack([flat[labels == w].mean(axis=0) for w in range(3)])
    expected = -((query.reshape(12, 1, -1) / 255 - centroids) ** 2).sum(axis=2)

    scores = Centroid().predict(support, labels, query)
    np.testing.assert_allclose(scores, expected, rtol=1e-4)


def test_features_are_pixels_in_one_byte_each() -> None:
    images = random_episode()[0]
    features = make(torch.device("cpu")).embed(images)
    assert features.dtype == torch.uint8
    assert features.shape == (6, 28 * 28)
