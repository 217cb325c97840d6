from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.benchmark.protocols.drawing import protocol_spec
from fewbench.benchmark.protocols.stream import (
    EpisodeStream,
    open_stream,
    protocol_view,
)
from fewbench.datasets.info import DataError
from fewbench_tests.fake_splits import fake_view


@pytest.mark.parametrize("is_listed", [False, True])
def test_a_range_of_a_stream_is_that_part_of_the_whole(is_listed: bool) -> None:
    protocol = replace(find_protocol("glyphs-5w1s", n_episodes=10), task_rotations=True)
    stream = EpisodeStream(protocol, fake_view([20] * 30))
    whole = stream.episodes
    if is_listed:
        stream = stream.holding(whole)
    for start, end in ((0, 4), (4, 10)):
        part = stream.range(start, end)
        np.testing.assert_array_equal(part.query, whole.query[start:end])
        np.testing.assert_array_equal(part.support, whole.support[start:end])
        np.testing.assert_array_equal(part.classes, whole.classes[start:end])


def test_a_stream_says_how_many_disjoint_episodes_there_are(root: Path) -> None:
    stream = open_stream(find_protocol("glyphs-5w1s", disjoint=True), root)
    assert stream.protocol.n_episodes == len(stream) == len(stream.episodes) == 23
    used = np.concatenate([stream.episodes.support, stream.episodes.query], axis=2)
    assert len(np.unique(used)) == used.size


def test_listed_episodes_are_not_drawn(root: Path) -> None:
    listed = replace(find_protocol("glyphs-5w1s"), sampling="listed")
    with pytest.raises(DataError, match="come from an episode file.*--episodes FILE"):
        open_stream(listed, root)


def test_more_episodes_than_memory_holds_are_refused(root: Path) -> None:
    many = replace(find_protocol("glyphs-5w1s"), n_episodes=1_000_001)
    with pytest.raises(DataError, match="at most 1,000,000"):
        open_stream(many, root)


def test_the_fingerprint_is_of_the_episodes(root: Path) -> None:
    protocol = find_protocol("glyphs-5w1s", n_episodes=4)
    stream = open_stream(protocol, root)
    assert stream.fingerprint == open_stream(protocol, root).fingerprint
    assert (
        stream.fingerprint != open_stream(replace(protocol, seed=1), root).fingerprint
    )


def test_few_images_are_those_of_the_whole_protocol(root: Path) -> None:
    few = open_stream(find_protocol("glyphs-5w1s", n_episodes=3), root)
    used = np.union1d(few.episodes.support, few.episodes.query)
    images = few.few_images()
    assert images is not None
    np.testing.assert_array_equal(np.flatnonzero(images), used)
    # 30 episodes use more than 1170 of the 2340 images.
    many = open_stream(find_protocol("glyphs-5w1s", n_episodes=30), root)
    assert len(np.union1d(many.episodes.support, many.episodes.query)) > 2340 / 2
    assert many.few_images() is None


def test_the_shape_and_the_images_are_those_of_the_protocol(root: Path) -> None:
    protocol = replace(find_protocol("glyphs-20w5s"), rotations=True)
    spec = protocol_spec(protocol)
    assert (spec.n_way, spec.n_shot, spec.n_query) == (20, 5, 15)
    assert protocol_view(protocol, root).n_classes == 4 * 117


def test_what_is_not_there_is_named(root: Path) -> None:
    protocol = find_protocol("glyphs-5w1s")
    with pytest.raises(DataError, match="fewbench data build omniglot"):
        protocol_view(find_protocol("omniglot-5w1s"), root)
    with pytest.raises(DataError, match="unknown dataset 'glyph'.*'glyphs'"):
        protocol_view(replace(protocol, dataset="glyph"), root)
    with pytest.raises(DataError, match="dev"):
        protocol_view(replace(protocol, split="dev"), root)
    with pytest.raises(DataError, match="18 support"):
        open_stream(find_protocol("glyphs-5w1s", shot=18), root)
