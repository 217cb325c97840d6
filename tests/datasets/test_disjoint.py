import heapq

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fewbench.datasets.disjoint import disjoint_episodes
from fewbench.datasets.episodes import EpisodeBatch, EpisodeSpec, episodes_fingerprint
from fewbench.datasets.info import DataError
from fewbench_tests.fake_splits import fake_view

ROTATED = [{}, {"rotations": True}, {"task_rotations": True}]


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[int], EpisodeSpec]:
    spec = EpisodeSpec(
        draw(st.integers(2, 5)), draw(st.integers(1, 2)), draw(st.integers(1, 3))
    )
    size = st.integers(spec.images_per_class, 12 * spec.images_per_class)
    sizes = draw(st.lists(size, min_size=spec.n_way, max_size=spec.n_way + 6))
    return sizes, spec


def images_of(batch: EpisodeBatch) -> np.ndarray:
    return np.concatenate([batch.support, batch.query], axis=2)


def most_by_the_largest_first(portions: list[int], n_way: int) -> int:
    """Always taking the n_way classes with most portions left is known to be best."""
    heap = [-n for n in portions]
    heapq.heapify(heap)
    for count in range(sum(portions) + 1):
        largest = [heapq.heappop(heap) for _ in range(n_way)]
        if max(largest) >= 0:
            return count
        for left in largest:
            heapq.heappush(heap, left + 1)
    raise AssertionError


@given(worlds(), st.integers(0, 2**63), st.sampled_from(ROTATED))
@settings(max_examples=60, deadline=None)
def test_no_stored_image_is_used_twice_and_no_episode_is_left_out(
    world: tuple[list[int], EpisodeSpec], seed: int, rotated: dict[str, bool]
) -> None:
    sizes, spec = world
    view = fake_view(sizes, **rotated)
    batch = disjoint_episodes(view, spec, seed)
    images, stored = images_of(batch), images_of(batch) % view.n_base_images

    assert len(np.unique(stored)) == stored.size
    portions = [size // spec.images_per_class for size in sizes]
    assert len(batch) == most_by_the_largest_first(portions, spec.n_way)
    base = batch.classes % view.n_base_classes
    assert all(len(set(row.tolist())) == spec.n_way for row in base)
    owners = np.repeat(np.arange(len(sizes)), sizes)
    np.testing.assert_array_equal(
        owners[stored], np.broadcast_to(base[:, :, None], stored.shape)
    )
    rotations = images // view.n_base_images
    assert (rotations == rotations[:, :, :1]).all()
    if view.rotations:  # rotated images belong to the rotated class
        np.testing.assert_array_equal(
            rotations[:, :, 0], batch.classes // view.n_base_classes
        )


@given(worlds(), st.data())
@settings(max_examples=30, deadline=None)
def test_fewer_episodes_are_the_first_ones(
    world: tuple[list[int], EpisodeSpec], data: st.DataObject
) -> None:
    view = fake_view(world[0], rotations=True)
    every = disjoint_episodes(view, world[1], 5)
    count = data.draw(st.integers(1, len(every)))
    some = disjoint_episodes(view, world[1], 5, count)
    np.testing.assert_array_equal(images_of(some), images_of(every)[:count])
    np.testing.assert_array_equal(some.classes, every.classes[:count])


def test_omniglots_test_split_has_84_of_them() -> None:
    view = fake_view([20] * 423, rotations=True)
    assert len(disjoint_episodes(view, EpisodeSpec(5, 1, 15), 0)) == 84
    with pytest.raises(DataError, match=r"at most 84 .* got 85. .*--episodes 84"):
        disjoint_episodes(view, EpisodeSpec(5, 1, 15), 0, 85)
    with pytest.raises(DataError, match="at least 21 images in each class"):
        disjoint_episodes(view, EpisodeSpec(5, 6, 15), 0)


def test_classes_and_rotations_are_drawn_uniformly() -> None:
    view = fake_view([20] * 8, rotations=True)
    first = [
        disjoint_episodes(view, EpisodeSpec(3, 1, 1), seed).classes[0]
        for seed in range(800)
    ]
    labels = np.array(first)
    for w in range(3):
        assert stats.chisquare(np.bincount(labels[:, w], minlength=32)).pvalue > 1e-3


# Never edit this: a change here changes published numbers.
GOLDEN = "2a6887a4261684745fc84e07688ca59f3d7a8ddf263e58458ccbb0f88ba7a19e"


def test_they_are_the_ones_that_they_always_were() -> None:
    spec = EpisodeSpec(5, 1, 15)
    episodes = disjoint_episodes(fake_view([16 + c % 50 for c in range(90)]), spec, 0)
    assert episodes_fingerprint(episodes, spec) == GOLDEN
