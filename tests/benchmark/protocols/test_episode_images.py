"""The images of an episode file are found by their names, in any build."""

from pathlib import Path

import numpy as np
import pytest

from fewbench.baselines.metric.centroid import Centroid
from fewbench.benchmark.evaluate import evaluate
from fewbench.benchmark.protocols.episode_images import find_images, stream_of_file
from fewbench.benchmark.protocols.episode_reader import read_episodes
from fewbench.datasets.info import DataError
from fewbench_tests.episode_arrays import read_arrays, write_arrays
from fewbench_tests.fake_splits import fake_view


def test_images_are_found_by_their_keys_in_any_order(
    exported: Path, root: Path
) -> None:
    """A file whose lists are in another order says the same."""
    arrays, header = read_arrays(exported)
    rng = np.random.default_rng(0)
    n_classes = len(header["classes"])
    classes = rng.permutation(n_classes)
    images = np.stack([rng.permutation(20) for _ in range(n_classes)])
    header["classes"] = [
        [header["classes"][c][0], [header["classes"][c][1][i] for i in images[c]]]
        for c in classes
    ]
    class_at, image_at = np.argsort(classes), np.argsort(images, axis=1)
    arrays["images"] = image_at[arrays["classes"][:, :, None], arrays["images"]].astype(
        "<u2"
    )
    arrays["classes"] = class_at[arrays["classes"]].astype("<u2")
    shuffled = write_arrays(exported.with_name("shuffled.npz"), arrays, header)

    here, there = (
        stream_of_file(read_episodes(path), root) for path in (exported, shuffled)
    )
    assert here.fingerprint == there.fingerprint
    assert there.protocol == here.protocol


def test_a_list_of_ones_own_does_not_stand_under_the_protocols_name(
    exported: Path, root: Path
) -> None:
    arrays, _ = read_arrays(exported)
    arrays["images"] = arrays["images"][:, :, ::-1]
    path = write_arrays(exported.with_name("own.npz"), arrays)
    result = evaluate(Centroid(), path, root=root)
    assert (result.protocol.name, result.protocol.sampling) == (
        *("glyphs-5w1s-60ep-listed", "listed"),
    )


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "glyphs-5w1s-60ep"),
        ({"sampling": "listed"}, "glyphs-5w1s-listed-60ep"),
        ({"seed": 3}, "glyphs-5w1s-seed3-60ep-listed"),
    ],
)
def test_a_file_cannot_take_the_name_of_a_protocol(
    exported: Path, root: Path, changes: dict[str, object], name: str
) -> None:
    arrays, header = read_arrays(exported)
    header["protocol"] |= {"name": "glyphs-5w1s"} | changes
    path = write_arrays(exported.with_name("named.npz"), arrays, header)
    assert stream_of_file(read_episodes(path), root).protocol.name == name


def test_a_file_is_drawn_from_another_build_under_another_name(
    exported: Path, root: Path
) -> None:
    file = read_episodes(exported)
    with pytest.raises(DataError, match="unknown dataset 'glyph'.*'glyphs'"):
        stream_of_file(file, root, "glyph")
    assert stream_of_file(file, root, "glyphs").protocol.name == "glyphs-5w1s-60ep"


def test_a_file_for_another_build_names_the_image_that_is_missing(
    exported: Path,
) -> None:
    file = read_episodes(exported)
    with pytest.raises(
        DataError,
        match=r"another build of glyphs. Your build has no '.*fewbench data info glyphs",
    ):
        find_images(file, fake_view([20] * 117))
