import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fewbench.datasets.episodes import (
    EpisodeBatch,
    EpisodeSpec,
    episodes_fingerprint,
    iterate_episodes,
    query_orders,
    rotate_classes,
    sample_episodes,
)
from fewbench.datasets.info import DataError

FIVE_ONE = EpisodeSpec(5, 1, 15)


def offsets(sizes: list[int]) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(sizes)])


def global_generator_key() -> np.ndarray:
    """The state of numpy's global generator, to show that nobody touches it."""
    state = np.random.get_state(legacy=False)  # noqa: NPY002 - the global one is meant
    return state["state"]["key"].copy()


def images_of(batch: EpisodeBatch) -> np.ndarray:
    return np.concatenate([batch.support, batch.query], axis=2)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[int], EpisodeSpec]:
    spec = EpisodeSpec(
        draw(st.integers(2, 6)), draw(st.integers(1, 4)), draw(st.integers(1, 6))
    )
    size = st.integers(spec.images_per_class, spec.images_per_class + 30)
    sizes = draw(st.lists(size, min_size=spec.n_way, max_size=spec.n_way + 20))
    return sizes, spec


@given(worlds(), st.integers(0, 2**63), st.integers(0, 2**40))
def test_an_episode_has_distinct_classes_and_distinct_images_of_them(
    world: tuple[list[int], EpisodeSpec], seed: int, start: int
) -> None:
    sizes, spec = world
    batch = sample_episodes(offsets(sizes), spec, seed, start, 5)
    images = images_of(batch)

    assert images.shape == (5, spec.n_way, spec.images_per_class)
    for classes, of_class in zip(batch.classes, images, strict=True):
        assert len(set(classes.tolist())) == spec.n_way
        for c, drawn in zip(classes, of_class, strict=True):
            assert len(set(drawn.tolist())) == spec.images_per_class
            assert (drawn >= offsets(sizes)[c]).all()
            assert (drawn < offsets(sizes)[c + 1]).all()


@given(worlds(), st.integers(0, 1000), st.integers(1, 50), st.integers(0, 49))
@settings(max_examples=50)
def test_an_episode_does_not_depend_on_its_neighbours(
    world: tuple[list[int], EpisodeSpec], start: int, count: int, index: int
) -> None:
    sizes, spec = world
    index %= count
    together = sample_episodes(offsets(sizes), spec, 3, start, count)
    alone = sample_episodes(offsets(sizes), spec, 3, start + index, 1)

    np.testing.assert_array_equal(together.classes[index], alone.classes[0])
    np.testing.assert_array_equal(images_of(together)[index], images_of(alone)[0])


def test_a_large_draw_in_chunks_equals_single_draws() -> None:
    sizes = offsets([1300] * 160)
    many = images_of(sample_episodes(sizes, FIVE_ONE, 1, 0, 1000))
    for index in (0, 39, 40, 41, 999):
        one = images_of(sample_episodes(sizes, FIVE_ONE, 1, index, 1))
        np.testing.assert_array_equal(many[index], one[0])


# Never edit these: a change here changes every published number.
GOLDEN = {
    (5, 1, 15): "8cc117357ec593f62c1e490cef1380bb7d2fc42b5b800bd97a9f023b8239266a",
    (20, 5, 15): "7a1571be1f4d3830d52b645fd07df4e1f43f08c4cddc0f8b6e4d66dbb2cf96d2",
    (60, 1, 5): "f166042eef6aa539d7ab480b10177a5b935e59d2c6f9bb3a17d54d64d4817458",
}


GOLDEN_ROTATIONS = "2410d4034b6966ba1cd00fa09dce800aadfae5e248e3d0ef48805cea0a0e8e31"


@pytest.mark.parametrize(("shape", "expected"), GOLDEN.items())
def test_the_first_thousand_episodes_are_the_ones_they_always_were(
    shape: tuple[int, int, int], expected: str
) -> None:
    spec = EpisodeSpec(*shape)
    sizes = offsets([20 + c % 7 for c in range(1692)])
    episodes = sample_episodes(sizes, spec, seed=0, start=0, count=1000)
    assert episodes_fingerprint(episodes, spec) == expected


def test_the_first_episode_is_the_one_it_always_was() -> None:
    batch = sample_episodes(
        offsets([20] * 10), EpisodeSpec(3, 1, 2), seed=7, start=0, count=1
    )
    assert batch.classes.tolist() == [[1, 8, 9]]
    assert images_of(batch).tolist() == [
        [[25, 26, 29], [173, 168, 170], [181, 183, 194]]
    ]


def test_seeds_and_indices_give_different_episodes() -> None:
    sizes = offsets([20] * 100)
    draws = [
        images_of(sample_episodes(sizes, FIVE_ONE, seed, start, 1)).tobytes()
        for seed in range(20)
        for start in range(20)
    ]
    assert len(set(draws)) == len(draws)


def test_classes_and_images_and_pairs_of_them_are_drawn_uniformly() -> None:
    batch = sample_episodes(
        offsets([6] * 10), EpisodeSpec(3, 1, 2), seed=0, start=0, count=30_000
    )
    first, second = batch.classes[:, 0], batch.classes[:, 1]
    pairs = np.bincount(first * 10 + second, minlength=100).reshape(10, 10)
    off_diagonal = pairs[~np.eye(10, dtype=bool)]
    places = np.bincount((images_of(batch) % 6).reshape(-1))

    assert stats.chisquare(np.bincount(first)).pvalue > 1e-3
    assert stats.chisquare(off_diagonal).pvalue > 1e-3
    assert stats.chisquare(places).pvalue > 1e-3
    assert pairs.diagonal().sum() == 0


def test_the_stream_is_the_same_one_by_one_and_leaves_the_global_generator_alone() -> (
    None
):
    sizes = offsets([20] * 30)
    before = global_generator_key()
    stream = iterate_episodes(sizes, FIVE_ONE, seed=5, start=250, chunk=4)
    for index in range(250, 260):
        np.testing.assert_array_equal(
            images_of(next(stream)),
            images_of(sample_episodes(sizes, FIVE_ONE, 5, index, 1)),
        )
    np.testing.assert_array_equal(before, global_generator_key())


def test_the_query_order_is_a_shuffle_of_its_own_for_each_episode() -> None:
    orders = query_orders(75, seed=0, start=0, count=50)
    assert all(sorted(order.tolist()) == list(range(75)) for order in orders)
    assert len({order.tobytes() for order in orders}) == 50
    np.testing.assert_array_equal(
        orders[3:5], query_orders(75, seed=0, start=3, count=2)
    )


def rotated(start: int, count: int, seed: int = 3) -> tuple[EpisodeBatch, EpisodeBatch]:
    upright = sample_episodes(offsets([20] * 30), FIVE_ONE, seed, start, count)
    return upright, rotate_classes(upright, 600, seed, start)


def test_a_task_rotates_each_of_its_classes_as_a_whole() -> None:
    upright, batch = rotated(0, 5000)
    rotations, stored = np.divmod(images_of(batch), 600)
    np.testing.assert_array_equal(stored, images_of(upright))
    np.testing.assert_array_equal(
        batch.classes, upright.classes
    )  # no character meets itself
    assert (rotations == rotations[:, :, :1]).all()
    first, second = rotations[:, 0, 0], rotations[:, 1, 0]
    assert stats.chisquare(np.bincount(first * 4 + second, minlength=16)).pvalue > 1e-3


def test_the_rotations_of_an_episode_depend_on_its_index_alone() -> None:
    together = images_of(rotated(100, 50)[1])
    for index in (0, 7, 49):
        np.testing.assert_array_equal(
            together[index], images_of(rotated(100 + index, 1)[1])[0]
        )
    assert not np.array_equal(together, images_of(rotated(100, 50, seed=4)[1]))


def test_the_rotations_are_the_ones_they_always_were() -> None:
    assert episodes_fingerprint(rotated(0, 1000)[1], FIVE_ONE) == GOLDEN_ROTATIONS


def test_the_fingerprint_sees_every_index() -> None:
    batch = sample_episodes(offsets([20] * 10), FIVE_ONE, 0, 0, 10)
    before = episodes_fingerprint(batch, FIVE_ONE)
    batch.query[9, 4, 14] += 1
    assert episodes_fingerprint(batch, FIVE_ONE) != before


def test_too_few_classes_or_images_are_refused_with_the_numbers() -> None:
    with pytest.raises(
        DataError,
        match="5-way episodes.* at least 5 classes, got 4.*--way 4 in an .*--set way=4",
    ):
        sample_episodes(offsets([20] * 4), FIVE_ONE, 0, 0, 1)
    with pytest.raises(
        DataError,
        match="at least 16 images in each class, got 15 .*class number 2.*--query 14 in",
    ):
        sample_episodes(offsets([20, 20, 15, 20, 20]), FIVE_ONE, 0, 0, 1)
    with pytest.raises(DataError, match="at least 2 classes.*got way=1"):
        EpisodeSpec(1, 1, 1)


def test_no_episodes_are_no_error() -> None:
    batch = sample_episodes(offsets([20] * 10), FIVE_ONE, 0, 0, 0)
    assert batch.support.shape == (0, 5, 1)


def test_drawing_is_fast_enough_to_never_matter() -> None:
    sizes = offsets([20] * 1692)
    sample_episodes(sizes, FIVE_ONE, 0, 0, 1000)
    started = time.process_time()
    sample_episodes(sizes, FIVE_ONE, 0, 0, 10_000)
    # A tenth of the wanted speed, so that a busy machine does not fail. tests/speed
    # measures the speed itself.
    assert time.process_time() - started < 1.0
