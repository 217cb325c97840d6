import numpy as np
import pytest

from fewbench.benchmark.submission import agreement as module
from fewbench.benchmark.submission.agreement import (
    STEPS,
    agreement,
    drawn_parts,
    hit_rates,
    table_name,
)
from fewbench.datasets import BUILDERS
from fewbench.datasets.episodes import EpisodeBatch
from fewbench_tests.honest_results import build_honest


@pytest.fixture
def result():
    return build_honest(0.8, n_episodes=100)


def know(monkeypatch, result, rates) -> None:
    known = (result.data_fingerprint, np.round(STEPS * rates).astype(np.uint8))
    monkeypatch.setattr(module, "hit_rates", lambda _name: known)


def hits_of_images(result) -> np.ndarray:
    """The hit rate of each image in the result itself."""
    episodes = EpisodeBatch.joined(list(drawn_parts(result)))
    images = episodes.query.ravel()
    n_images = int(result.class_sizes.sum())
    hits = np.bincount(images, result.hits.ravel(), n_images)
    return hits / np.maximum(np.bincount(images, minlength=n_images), 1)


def test_made_up_answers_do_not_agree(monkeypatch, result) -> None:
    rng = np.random.default_rng(0)
    know(monkeypatch, result, rng.random(int(result.class_sizes.sum())))
    found = agreement(result)
    assert found is not None
    assert abs(found) < 4 / np.sqrt(result.predictions.size)


def test_hits_agree_with_their_own_rates(monkeypatch, result) -> None:
    know(monkeypatch, result, hits_of_images(result))
    found = agreement(result)
    assert found is not None
    assert found > 0.3
    know(monkeypatch, result, 1 - hits_of_images(result))
    assert agreement(result) == pytest.approx(-found, abs=0.01)


def test_the_correlation_is_taken_within_episodes(monkeypatch) -> None:
    result = build_honest(0.8, n_episodes=30)
    rates = np.random.default_rng(1).random(int(result.class_sizes.sum()))
    know(monkeypatch, result, rates)
    episodes = EpisodeBatch.joined(list(drawn_parts(result)))
    stored = np.round(STEPS * rates)[episodes.query]
    hits = result.hits.astype(float)
    own = hits - hits.mean(axis=(1, 2), keepdims=True)
    theirs = stored - stored.mean(axis=(1, 2), keepdims=True)
    expected = np.corrcoef(own.ravel(), theirs.ravel())[0, 1]
    assert agreement(result) == pytest.approx(expected)


def test_other_images_have_no_agreement(monkeypatch, result) -> None:
    rates = np.zeros(int(result.class_sizes.sum()), np.uint8)
    monkeypatch.setattr(module, "hit_rates", lambda _name: ("ab" * 32, rates))
    assert agreement(result) is None
    monkeypatch.setattr(module, "hit_rates", lambda _name: None)
    assert agreement(result) is None


def test_right_answers_alone_have_no_agreement(monkeypatch) -> None:
    result = build_honest(1.0, n_episodes=10)
    know(monkeypatch, result, np.full(int(result.class_sizes.sum()), 0.5))
    assert agreement(result) is None


def test_rotated_classes_have_a_table_of_their_own(result) -> None:
    assert table_name(result.protocol) == "glyphs-test.npz"
    rotated = build_honest(
        0.8, dataset="omniglot", name="omniglot-5w1s", rotations=True
    )
    assert table_name(rotated.protocol) == "omniglot-test-rotations.npz"


@pytest.mark.parametrize(
    ("name", "dataset", "n_rotations"),
    [
        ("omniglot-test-rotations.npz", "omniglot", 4),
        ("miniimagenet-test.npz", "miniimagenet", 1),
    ],
)
def test_the_tables_fit_their_splits(name, dataset, n_rotations) -> None:
    known = hit_rates(name)
    assert known is not None
    fingerprint, rates = known
    info = BUILDERS[dataset]
    assert rates.shape == (n_rotations * info.splits["test"].n_images,)
    assert rates.max() <= STEPS
    assert rates.std() > 0
    reference = info.reference_sha256.get("test")
    assert reference in (None, fingerprint)
