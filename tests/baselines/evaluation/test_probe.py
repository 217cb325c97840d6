import numpy as np
import pytest

from fewbench.baselines.any_model import as_learner
from fewbench.baselines.evaluation.probe import Probe, probe

GENERATOR = np.random.default_rng(0)
SUPPORT = GENERATOR.integers(0, 256, (5, 8, 8, 1), np.uint8)
QUERY = GENERATOR.integers(0, 256, (20, 8, 8, 1), np.uint8)


def probed(function) -> Probe:
    return probe(as_learner(function, "mine"), SUPPORT, np.arange(5), QUERY)


def distances(support_images, support_labels, query_images):
    flat = [
        images.reshape(len(images), -1) / 255
        for images in (support_images, query_images)
    ]
    return -((flat[1][:, None] - flat[0]) ** 2).sum(axis=2)


def centred(support_images, support_labels, query_images):
    """Subtracts the mean of the query images, as some transductive methods do."""
    scores = distances(support_images, support_labels, query_images)
    return scores - scores.mean(axis=0)


def by_place(support_images, support_labels, query_images):
    return np.eye(5)[np.arange(len(query_images)) % 5]


def whole_episodes_only(support_images, support_labels, query_images):
    assert len(query_images) == 20
    return centred(support_images, support_labels, query_images)


def test_answers_one_by_one_are_inductive() -> None:
    found = probed(distances)
    assert found.deterministic
    assert not found.transductive
    assert max(found.shuffled, found.exchanged, found.dropped) < 1e-9


def test_a_mean_over_the_queries_is_found() -> None:
    found = probed(centred)
    assert found.transductive
    assert found.shuffled < 1e-9  # the order says nothing: only other images show it
    assert min(found.exchanged, found.dropped) > 0.01


def test_answers_by_place_are_found() -> None:
    assert probed(by_place).shuffled > 0.5


def test_a_function_of_whole_episodes_can_be_probed_too() -> None:
    found = probed(whole_episodes_only)
    assert np.isnan(found.dropped)
    assert found.transductive


def test_of_a_random_function_nothing_can_be_told() -> None:
    generator = np.random.default_rng(1)
    found = probed(lambda *images: generator.random((len(images[2]), 5)))
    assert not found.deterministic
    assert not found.transductive
    assert found.verdict == "cannot be told"


def test_noise_does_not_hide_a_dependence_that_is_larger() -> None:
    generator = np.random.default_rng(1)

    def noisy(*images):
        return centred(*images) + 1e-3 * generator.random((len(images[2]), 5))

    found = probed(noisy)
    assert found.repeated > 0
    assert found.verdict == "transductive"


@pytest.mark.parametrize("n", [1, 2])
def test_few_queries_can_be_probed(n: int) -> None:
    found = probe(as_learner(distances), SUPPORT, np.arange(5), QUERY[:n])
    assert not found.transductive


def test_a_function_that_now_refuses_the_episode_is_not_deterministic() -> None:
    def refusing(*_arrays: np.ndarray) -> np.ndarray:
        raise ZeroDivisionError

    found = probed(refusing)
    assert not found.deterministic
    assert found.verdict == "cannot be told"


def test_a_function_may_write_to_its_arguments() -> None:
    def overwriting(support_images, support_labels, query_images):
        scores = distances(support_images, support_labels, query_images)
        support_images[:] = query_images[:] = 0
        return scores

    found = probed(overwriting)
    assert found.deterministic
    assert not found.transductive
