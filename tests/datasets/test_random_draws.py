"""Random numbers are reached by their index, and draws have no repetition."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fewbench.datasets.random_draws import (
    draw_without_replacement,
    random_halves,
    random_words,
)


@given(st.integers(0, 2**63), st.integers(0, 2**40), st.integers(1, 30))
def test_words_depend_on_their_index_alone(seed: int, start: int, n: int) -> None:
    together = random_words([seed, 1], start, 4, n)
    alone = random_words([seed, 1], start + 3, 1, n)
    assert together.shape[0] == 4
    assert together.shape[1] >= n
    np.testing.assert_array_equal(together[3], alone[0])


def test_words_are_the_raw_ones_of_philox() -> None:
    expected = np.random.Philox(key=[7, 2]).random_raw(8)
    np.testing.assert_array_equal(random_words([7, 2], 0, 2, 3).ravel(), expected)


def test_an_integer_key_is_the_stream_0_of_that_seed() -> None:
    np.testing.assert_array_equal(
        random_words(5, 3, 2, 4), random_words([5, 0], 3, 2, 4)
    )


def test_halves_are_the_lower_and_then_the_upper_bits() -> None:
    words = random_words(5, 0, 3, 4)
    halves = random_halves(5, 0, 3, 8)
    np.testing.assert_array_equal(halves[:, 0::2], words & np.uint64(2**32 - 1))
    np.testing.assert_array_equal(halves[:, 1::2], words >> np.uint64(32))
    assert random_halves(5, 0, 3, 5).shape == (3, 5)


def test_no_items_are_no_error() -> None:
    assert random_words(5, 0, 0, 9).shape == (0, 12)
    assert random_halves(5, 0, 0, 9).shape == (0, 9)


def test_each_row_draws_different_numbers_below_its_size() -> None:
    sizes = np.array([3, 5, 40])
    drawn = draw_without_replacement(sizes, random_halves(1, 0, 3, 3))
    for row, size in zip(drawn.tolist(), sizes, strict=True):
        assert len(set(row)) == 3
        assert max(row) < size
    assert sorted(drawn[0].tolist()) == [0, 1, 2]


def test_the_smallest_and_the_largest_numbers() -> None:
    lowest = np.zeros((1, 3), np.uint64)
    highest = np.full((1, 3), 2**32 - 1, np.uint64)
    sizes = np.array([5])
    assert draw_without_replacement(sizes, lowest).tolist() == [[0, 1, 2]]
    # The drawn number changes places with the first that is left.
    assert draw_without_replacement(sizes, highest).tolist() == [[4, 0, 1]]
