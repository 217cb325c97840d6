import numpy as np
import pytest
import torch

from fewbench.baselines.evaluation.features import (
    Features,
    block_size,
    embedding_order,
)
from fewbench.baselines.learner import BaselineError
from fewbench.baselines.metric.centroid import Centroid
from fewbench.baselines.own_encoder import EncoderLearner
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.view import ImageView
from fewbench_tests.fake_splits import FakeSplit
from fewbench_tests.progress import no_progress


@pytest.fixture
def view(bars: dict[str, SplitStore]) -> ImageView:
    return ImageView([bars["test"]], rotations=True)


class Recording(Centroid):
    """Remembers the images of every batch."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[np.ndarray] = []

    def embed(self, images: np.ndarray) -> torch.Tensor:
        self.batches.append(images)
        return super().embed(images)


def test_the_order_is_a_shuffle_that_depends_on_the_content_alone() -> None:
    def order(fingerprint: str) -> np.ndarray:
        split = FakeSplit([20] * 50, fingerprint)
        return embedding_order(ImageView([split]))  # pyright: ignore[reportArgumentType]

    one = order("a")
    assert sorted(one.tolist()) == list(range(1000))
    np.testing.assert_array_equal(one, order("a"))
    assert (one != order("b")).mean() > 0.9
    # No trace of the classes, which follow each other in a split.
    assert abs(np.corrcoef(one, np.arange(1000))[0, 1]) < 0.1
    # The order is part of what a result means, so it never changes.
    assert one[:5].tolist() == GOLDEN


GOLDEN = [536, 573, 720, 802, 385]


def test_some_images_keep_the_order_of_all(view: ImageView) -> None:
    some = np.zeros(len(view), bool)
    some[::3] = True
    everything = embedding_order(view)
    expected = [index for index in everything if some[index]]
    assert embedding_order(view, some).tolist() == expected


def test_blocks_are_whole_and_the_same_whatever_is_asked_for(view: ImageView) -> None:
    size = block_size(view.image_shape)
    assert size == 128
    order = embedding_order(view)
    learner = Recording()
    features = Features(learner, view)
    wanted = order[[size + 3, 0, size + 7]]
    table = features.table(wanted, no_progress)
    assert [len(batch) for batch in learner.batches] == [size, size]
    np.testing.assert_array_equal(learner.batches[0], view.images(order[:size]))
    got = table.at(features.rows(wanted))
    assert got.equal(Centroid().embed(view.images(wanted)))
    # No block a second time; the last one is smaller.
    features.table(np.arange(len(view)), no_progress)
    assert sum(map(len, learner.batches)) == len(view)
    assert len(learner.batches[-1]) == len(view) % size or len(view) % size == 0


def test_features_can_be_used_again_for_the_same_images_alone(
    view: ImageView, bars: dict[str, SplitStore]
) -> None:
    learner = Centroid()
    some = np.arange(len(view)) < 9
    features = Features(learner, view)
    same = ImageView([bars["test"]], rotations=True)
    assert features.are_those_of(learner, same, None)
    assert not features.are_those_of(Centroid(), view, None)
    assert not features.are_those_of(learner, ImageView([bars["test"]]), None)
    assert not features.are_those_of(learner, view, some)
    assert Features(learner, view, some).are_those_of(learner, view, some.copy())


@pytest.mark.parametrize(
    ("embed", "got"),
    [
        (lambda images: torch.zeros(len(images)), r"\(128,\)"),
        (lambda images: torch.zeros(len(images) + 1, 2), r"\(129, 2\)"),
        (lambda _: None, "None"),
    ],
)
def test_features_of_another_shape_get_a_sentence(
    view: ImageView, embed, got: str
) -> None:
    learner = Centroid()
    learner.embed = embed
    with pytest.raises(BaselineError, match=rf"shape \(128, d\).*got .*{got}\. Change"):
        Features(learner, view).table(np.arange(len(view)), no_progress)


def test_blocks_with_other_widths_get_a_sentence(view: ImageView) -> None:
    learner = Centroid()
    widths = iter(range(2, 99))
    learner.embed = lambda images: torch.zeros(len(images), next(widths))
    with pytest.raises(BaselineError, match="expected 2 features.*got float32 .128, 3"):
        Features(learner, view).table(np.arange(len(view)), no_progress)


class Enlarging(torch.nn.Module):
    """Makes an image larger inside, as networks for larger images do."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        large = torch.nn.functional.interpolate(images, size=(self.side, self.side))
        return large.mean((2, 3))


@pytest.mark.parametrize(("side", "size"), [(28, 128), (30, 128), (56, 32), (224, 2)])
def test_a_block_is_as_large_as_the_maps_inside_an_encoder_allow(
    view: ImageView, side: int, size: int
) -> None:
    learner = EncoderLearner(Enlarging(side), "mine")
    features = Features(learner, view)
    features.table(embedding_order(view)[: size + 1], no_progress)
    assert features.size == size
    assert len(features.batch_with(int(embedding_order(view)[0]))) == size
