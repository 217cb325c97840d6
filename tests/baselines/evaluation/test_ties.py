"""Ties go to chance, and nothing else does."""

import numpy as np

from fewbench.baselines.evaluation.ties import predicted_labels

SEED = 3


def in_class_order(n_episodes: int, n_queries: int) -> np.ndarray:
    return np.tile(np.arange(n_queries), (n_episodes, 1))


def test_without_ties_the_highest_score_wins() -> None:
    scores = np.random.default_rng(0).random((40, 30, 5))
    labels = predicted_labels(scores, in_class_order(40, 30), SEED, 0)
    assert labels.dtype == np.uint8
    np.testing.assert_array_equal(labels, scores.argmax(axis=-1))


def test_equal_scores_give_each_class_its_share() -> None:
    labels = predicted_labels(np.zeros((400, 75, 5)), in_class_order(400, 75), SEED, 0)
    shares = np.bincount(labels.reshape(-1), minlength=5) / labels.size
    np.testing.assert_allclose(shares, 0.2, atol=0.01)
    accuracies = (labels == np.arange(5).repeat(15)).mean(axis=1)
    assert abs(accuracies.mean() - 0.2) < 0.01
    # A guess varies from episode to episode as the binomial does.
    assert 0.8 < accuracies.std() / np.sqrt(0.2 * 0.8 / 75) < 1.2


def test_only_the_highest_take_part() -> None:
    scores = np.tile([1.0, 2.0, 0.0, 2.0, -1.0], (300, 20, 1))
    scores[0, 0] = [9, 0, 0, 0, 0]
    labels = predicted_labels(scores, in_class_order(300, 20), SEED, 0)
    assert labels[0, 0] == 0
    rest = labels.reshape(-1)[1:]
    assert set(rest) == {1, 3}
    assert abs((rest == 1).mean() - 0.5) < 0.03


def test_a_tie_depends_on_episode_and_query_alone() -> None:
    zeros = np.zeros((70, 30, 5))
    whole = predicted_labels(zeros, in_class_order(70, 30), SEED, 0)
    part = predicted_labels(zeros[:9], in_class_order(9, 30), SEED, 50)
    np.testing.assert_array_equal(part, whole[50:59])
    # In another order of the query images, each keeps its answer.
    rng = np.random.default_rng(0)
    orders = rng.permuted(in_class_order(70, 30), axis=1)
    shuffled = predicted_labels(zeros, orders, SEED, 0)
    np.testing.assert_array_equal(shuffled, np.take_along_axis(whole, orders, axis=1))
    other = predicted_labels(zeros, in_class_order(70, 30), SEED + 1, 0)
    assert abs((other != whole).mean() - 0.8) < 0.05


def test_the_rule_is_the_one_of_the_documentation() -> None:
    """Written in plain integers, as docs/evaluation.md says it."""
    zeros = np.zeros((4, 10, 5))
    zeros[:, :, 2] = -1
    labels = predicted_labels(zeros, in_class_order(4, 10), SEED, 6)
    for i in range(4):
        steps = -(-10 // 4)
        generator = np.random.Philox(key=[SEED, 4], counter=(6 + i) * steps)
        for j, word in enumerate(map(int, generator.random_raw(10))):
            tied = [0, 1, 3, 4]
            assert labels[i, j] == tied[((word >> 32) * len(tied)) >> 32]
