"""The images of a task, opened from values for JSON."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fewbench.baselines.learner import BaselineError
from fewbench.benchmark.cluster.view_source import ViewSource, prepared_as
from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.benchmark.protocols.stream import protocol_view
from fewbench.datasets.info import DataError


def test_a_source_goes_through_json_and_opens_the_same_images(
    view_source: ViewSource, glyphs_root: Path, module: str
) -> None:
    preparation = {"size": 32, "mean": [0.5], "transform": f"{module}:crop"}
    document = json.loads(json.dumps(view_source.document()))
    assert ViewSource.parsed(document) == view_source
    view = view_source.open(glyphs_root)
    assert len(view) == view_source.n_images == 4480
    prepared = ViewSource.parsed({**document, "preparation": preparation})
    shown = prepared.open(glyphs_root)
    assert shown.image_shape == (24, 24, 1)
    again = ViewSource.of("glyphs", "val", shown, preparation)
    assert ViewSource.parsed(json.loads(json.dumps(again.document()))) == again
    images = np.array([3, 4000])
    np.testing.assert_array_equal(
        shown.images(images), again.open(glyphs_root).images(images)
    )


def test_the_source_of_a_protocol_is_its_own_view(glyphs_root: Path) -> None:
    protocol = find_protocol("glyphs-5w1s")
    view = protocol_view(protocol, glyphs_root)
    source = ViewSource.of_protocol(protocol, view)
    assert source.open(glyphs_root).key == view.key
    assert source.images_per_block == 128


def test_another_build_is_refused(view_source: ViewSource, glyphs_root: Path) -> None:
    other = replace(view_source, fingerprint="0" * 64)
    with pytest.raises(DataError, match="Use the same build"):
        other.open(glyphs_root)


def test_a_preparation_comes_from_values() -> None:
    assert prepared_as(None) is None
    preparation = prepared_as({"invert": True, "std": [0.1, 0.2, 0.3]})
    assert preparation is not None
    assert (preparation.invert, preparation.std) == (True, (0.1, 0.2, 0.3))
    with pytest.raises(BaselineError, match="cannot import"):
        prepared_as({"transform": "no_such:crop"})
