from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from fewbench.baselines.any_model import as_learner
from fewbench.baselines.evaluation.embed_again import EmbeddedAgain, embed_again
from fewbench.baselines.evaluation.features import Features
from fewbench.baselines.learner import BaselineError, EmbeddingLearner
from fewbench.baselines.metric.centroid import Centroid
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.view import ImageView
from fewbench_tests.progress import no_progress


@pytest.fixture
def view(bars: dict[str, SplitStore]) -> ImageView:
    return ImageView([bars["test"]], rotations=True)


class Encoder(nn.Module):
    def __init__(self, change: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.change = change

    def forward(self, images: Tensor) -> Tensor:
        return self.change(images.flatten(1))


def asked(view: ImageView, change: Callable[[Tensor], Tensor]) -> EmbeddedAgain:
    learner = as_learner(Encoder(change), "mine")
    assert isinstance(learner, EmbeddingLearner)
    features = Features(learner, view)
    features.table(np.arange(len(view)), no_progress)
    return embed_again(features)


def counting() -> Callable[[Tensor], Tensor]:
    """Adds the number of its calls, as an encoder that knows the order could use it."""
    calls = iter(range(9999))
    return lambda rows: rows + next(calls)


def remembering() -> Callable[[Tensor], Tensor]:
    """Subtracts a running mean of all images so far."""
    mean = torch.zeros(784)

    def change(rows: Tensor) -> Tensor:
        mean.mul_(0.9).add_(0.1 * rows.mean(0))
        return rows - mean

    return change


@pytest.mark.parametrize("change", [lambda rows: rows, lambda rows: rows + 1e4])
def test_an_encoder_of_single_images_passes(view: ImageView, change) -> None:
    found = asked(view, change)
    assert found.same
    assert found.repeatable
    assert found.repeated is None
    assert found.distinct
    assert 16 <= found.n_images <= 128


@pytest.mark.parametrize("make", [counting, remembering])
def test_a_counter_and_a_memory_are_found(view: ImageView, make) -> None:
    found = asked(view, make())
    assert not found.same
    assert not found.repeatable


def test_dropout_that_stays_on_is_found(view: ImageView) -> None:
    found = asked(view, functional.dropout)
    assert not found.same
    assert not found.repeatable


def test_statistics_of_the_batch_are_found_and_told_from_chance(
    view: ImageView,
) -> None:
    found = asked(view, lambda rows: rows - rows.mean(0))
    assert not found.same
    assert found.repeatable


def test_equal_features_of_all_images_are_found(view: ImageView) -> None:
    assert not asked(view, torch.zeros_like).distinct


def test_without_features_a_random_batch_is_embedded_first(view: ImageView) -> None:
    features = Features(Centroid(), view)
    assert embed_again(features).same
    chosen = features.embedded_images(np.random.default_rng(0))
    assert 0 < len(chosen) <= 128


def test_too_few_rows_are_refused_here_too(view: ImageView) -> None:
    learner = Centroid()
    features = Features(learner, view)
    features.table(np.arange(len(view)), no_progress)
    learner.embed = lambda _: torch.zeros(3, 784)  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(BaselineError, match=r"got float32 \(3, 784\)"):
        embed_again(features)


def test_entropy_chooses_the_images(view: ImageView) -> None:
    batches: list[bytes] = []

    class Recording(Centroid):
        def embed(self, images: np.ndarray) -> Tensor:
            batches.append(images.tobytes())
            return super().embed(images)

    features = Features(Recording(), view)
    features.table(np.arange(len(view)), no_progress)
    for _ in range(2):
        embed_again(features)
    assert batches[-1] != batches[-2]
    for _ in range(2):
        embed_again(features, np.random.default_rng(3))
    assert batches[-1] == batches[-2]
