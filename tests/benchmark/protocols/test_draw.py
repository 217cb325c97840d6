from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.benchmark.protocols.draw import (
    draw,
    draw_stream,
    protocol_spec,
    protocol_view,
)
from fewbench.datasets.info import DataError
from fewbench_tests.fake_splits import fake_view


def test_a_stream_may_be_drawn_in_parts() -> None:
    protocol = replace(find_protocol("glyphs-5w1s"), task_rotations=True)
    view = fake_view([20] * 30)
    whole = draw_stream(protocol, view, 0, 10)
    for first, count in ((0, 4), (4, 6)):
        part = draw_stream(protocol, view, first, count)
        np.testing.assert_array_equal(part.query, whole.query[first : first + count])


def test_a_drawn_protocol_says_how_many_disjoint_episodes_there_are(
    root: Path,
) -> None:
    drawn = draw(find_protocol("glyphs-5w1s", disjoint=True), root)
    assert drawn.protocol.n_episodes == len(drawn.episodes) == 23
    used = np.concatenate([drawn.episodes.support, drawn.episodes.query], axis=2)
    assert len(np.unique(used)) == used.size


def test_the_fingerprint_is_of_the_episodes(root: Path) -> None:
    protocol = find_protocol("glyphs-5w1s", n_episodes=4)
    drawn = draw(protocol, root)
    assert drawn.fingerprint == draw(protocol, root).fingerprint
    assert drawn.fingerprint != draw(replace(protocol, seed=1), root).fingerprint


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
