"""The interval of an entry is that of its score in each episode."""

import dataclasses

import numpy as np
import pytest

from fewbench.reports.leaderboard.entry_intervals import (
    entry_interval,
    episode_scores,
    spread_between_seeds,
)
from fewbench.reports.stats.intervals import anytime, episodes_t, legacy_z
from fewbench_tests.made_boards import PROTOCOL, make_entry


def test_a_score_is_the_mean_over_runs() -> None:
    correct = np.array([[15, 9, 0], [12, 6, 0]])
    entry = make_entry(train_seeds=(0, 1), correct=correct)

    assert episode_scores(entry).tolist() == [27 / 30, 15 / 30, 0]


@pytest.mark.parametrize(
    ("kind", "formula"),
    [
        ("episodes-t", episodes_t),
        ("open", episodes_t),
        ("legacy-z", legacy_z),
        ("anytime", anytime),
    ],
)
def test_the_interval_is_of_the_kind_that_the_protocol_names(kind, formula) -> None:
    protocol = dataclasses.replace(PROTOCOL, interval=kind)
    entry = make_entry(n_seeds=3, protocol=protocol)

    interval = entry_interval(entry)

    expected = formula(episode_scores(entry))
    assert interval is not None
    assert interval.kind == kind
    assert (interval.low, interval.high) == (expected.low, expected.high)


def test_episodes_that_are_alike_get_the_wider_interval() -> None:
    entry = make_entry(correct=np.full((1, 60), 15))

    interval = entry_interval(entry)

    assert interval is not None
    assert interval.kind == "little-spread"
    assert interval.half_width > 0.01


def test_a_single_episode_has_no_interval() -> None:
    assert entry_interval(make_entry(correct=np.array([[9]]))) is None


def test_the_spread_is_between_the_means_of_runs() -> None:
    correct = np.array([[15, 15], [9, 9], [12, 12]])
    entry = make_entry(train_seeds=(0, 1, 2), correct=correct)

    assert spread_between_seeds(entry) == pytest.approx(0.2)
    assert spread_between_seeds(make_entry(n_seeds=1)) is None
