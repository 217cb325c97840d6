from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fewbench.baselines.metric.centroid import Centroid
from fewbench.benchmark.evaluate import evaluate
from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.benchmark.stopping import (
    StopRule,
    growing_ranges,
)
from fewbench.datasets.info import DataError
from fewbench.reports.stats.intervals import result_interval


@pytest.fixture(scope="module")
def root(glyphs_root: Path) -> Path:
    return glyphs_root


class Counting(Centroid):
    def __init__(self) -> None:
        super().__init__()
        self.batches: list[np.ndarray] = []

    def embed(self, images: np.ndarray) -> torch.Tensor:
        self.batches.append(images)
        return super().embed(images)


def test_it_stops_when_the_interval_is_narrow_enough(root: Path) -> None:
    protocol, learner = find_protocol("glyphs-5w1s"), Counting()
    result = evaluate(learner, protocol, stop=StopRule(0.01), root=root)
    interval = result_interval(result)
    assert result.protocol.name == "glyphs-5w1s-until-1pct"
    assert (interval.kind, interval.n) == ("anytime", result.protocol.n_episodes)
    assert interval.half_width <= 0.01
    assert 256 < interval.n < 10_000
    whole = evaluate(Centroid(), replace(protocol, n_episodes=interval.n), root=root)
    np.testing.assert_array_equal(result.predictions, whole.predictions)
    assert result.episodes_fingerprint == whole.episodes_fingerprint
    # Each image is embedded once, apart from those of the episode that is probed.
    probed = 4 * 5 * 1 + 80 * 5
    assert 117 * 20 < sum(map(len, learner.batches)) <= 117 * 20 + probed


def test_it_ends_at_the_most_episodes(root: Path) -> None:
    protocol = find_protocol("glyphs-5w1s")
    result = evaluate(Centroid(), protocol, stop=StopRule(0.001, 300), root=root)
    assert result.protocol.n_episodes == 300
    assert result_interval(result).half_width > 0.001


@given(st.integers(2, 200_000))
def test_ranges_follow_each_other_to_the_end(most: int) -> None:
    done = 0
    for start, end in growing_ranges(most):
        assert start == done
        assert start % 256 == 0
        assert 0 < end - start <= max(256, start / 4)
        done = end
    assert done == most


@pytest.mark.parametrize(
    "half_width", [0.0, -0.1, 0.5, 3.0, float("nan"), float("inf")]
)
def test_impossible_half_widths_are_refused(half_width: float) -> None:
    with pytest.raises(DataError, match="expected a half-width above 0"):
        StopRule(half_width)


def test_episodes_with_an_end_do_not_go_on_until() -> None:
    with pytest.raises(DataError, match="got disjoint episodes"):
        StopRule(0.01).protocol(find_protocol("glyphs-5w1s", disjoint=True))


@pytest.mark.parametrize(
    ("half_width", "name"),
    [(0.001, "0.1pct"), (0.01, "1pct"), (0.1, "10pct"), (0.00025, "0.025pct")],
)
def test_the_name_says_what_was_wanted(half_width: float, name: str) -> None:
    protocol = StopRule(half_width).protocol(find_protocol("glyphs-5w1s"))
    assert protocol.name == f"glyphs-5w1s-until-{name}"
