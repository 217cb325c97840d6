"""Predictions from distances equal those of float64, wherever the features lie."""

import numpy as np
import pytest
import torch

from fewbench.baselines.distances import class_mean_scores, negative_squared_distances

N_WAY, N_SHOT, N_QUERY, WIDTH = 5, 3, 40, 24


def exact_distances(support: torch.Tensor, query: torch.Tensor) -> np.ndarray:
    """Squared distances to class means in float64, as everybody writes them."""
    means = support.double().numpy().mean(axis=2)
    differences = query.double().numpy()[:, :, None] - means[:, None]
    return (differences**2).sum(axis=-1)


def episodes(
    change=lambda features: features, n: int = 100
) -> tuple[torch.Tensor, torch.Tensor]:
    """Features of `n` episodes; their queries lie between the classes."""
    generator = torch.Generator().manual_seed(0)
    shape = (n, N_WAY * N_SHOT + N_QUERY, WIDTH)
    features = change(torch.randn(shape, generator=generator))
    support = features[:, : N_WAY * N_SHOT].reshape(n, N_WAY, N_SHOT, WIDTH)
    return support, features[:, N_WAY * N_SHOT :]


def with_huge_dimension(features: torch.Tensor) -> torch.Tensor:
    """In one dimension, an image has 0 or 100,000; the others decide the rest."""
    features = features.clone()
    features[..., 0] = (features[..., 0] > 0) * 1e5
    return features


CHANGES = {
    **{
        f"plus {offset:g}": lambda x, o=offset: x + o
        for offset in (0, 1, 100, 1e3, 1e4)
    },
    "large": lambda x: 1e15 * x,
    "beyond float32 when squared": lambda x: 1e30 * x,
    "below float32 when squared": lambda x: 1e-30 * x,
    "one huge dimension": with_huge_dimension,
    "half": lambda x: (x + 100).half(),
    "bfloat16": lambda x: (x + 100).bfloat16(),
    "double": lambda x: x.double() + 1e9,
    "integers": lambda x: (20 * x).long() + 10**6,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_predictions_equal_those_of_float64(change) -> None:
    support, query = episodes(change)
    expected = exact_distances(support, query)
    scores = class_mean_scores(support, query).numpy()
    two_nearest = np.sort(expected, axis=-1)[..., :2]
    # Elsewhere the reference itself is a matter of rounding.
    clear = two_nearest[..., 1] - two_nearest[..., 0] > 1e-13 * two_nearest[..., 1]
    assert clear.mean() > 0.9
    nearest = scores.argmax(axis=-1)
    np.testing.assert_array_equal(nearest[clear], expected.argmin(axis=-1)[clear])
    np.testing.assert_allclose(-scores, expected, rtol=1e-4, atol=1e-6 * expected.max())


def test_a_constant_changes_predictions_of_the_plain_formula() -> None:
    """The test above can fail."""
    support, query = episodes(CHANGES["plus 10000"])
    plain = negative_squared_distances(query, support.mean(dim=2))
    nearest = exact_distances(support, query).argmin(axis=-1)
    assert (plain.numpy().argmax(axis=-1) != nearest).mean() > 0.5


def test_equal_distances_of_images_are_equal_scores() -> None:
    """Also to means of three images, which no float holds exactly."""
    rng = np.random.default_rng(0)
    pixels = torch.from_numpy(rng.integers(2, size=(50, 55, 9), dtype=np.uint8) * 255)
    support, query = pixels[:, :15].reshape(50, 5, 3, 9), pixels[:, 15:]
    sums = support.long().sum(dim=2)
    exact = ((3 * query.long()[:, :, None] - sums[:, None]) ** 2).sum(dim=-1)
    nearest = exact == exact.amin(dim=-1, keepdim=True)
    assert (nearest.sum(dim=-1) > 1).float().mean() > 0.05
    scores = class_mean_scores(support, query)
    assert torch.equal(scores == scores.amax(dim=-1, keepdim=True), nearest)


def test_one_episode_needs_no_batch_and_many_close_queries_are_split(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    support, query = episodes(with_huge_dimension, n=3)
    together = class_mean_scores(support, query)
    torch.testing.assert_close(class_mean_scores(support[1], query[1]), together[1])
    monkeypatch.setattr("fewbench.baselines.distances._VALUES_AT_ONCE", 1)
    assert torch.equal(class_mean_scores(support, query), together)


def test_distances_are_squared_and_euclidean() -> None:
    query, prototypes = torch.rand(4, 7, 5).double(), torch.rand(4, 3, 5).double()
    expected = -((query[:, :, None] - prototypes[:, None]) ** 2).sum(-1)
    torch.testing.assert_close(negative_squared_distances(query, prototypes), expected)
