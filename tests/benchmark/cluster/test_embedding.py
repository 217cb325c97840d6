"""What `fewbench embed` is asked for, and the hash of what decides the features."""

from pathlib import Path

import pytest

from fewbench.baselines.learner import BaselineError
from fewbench.benchmark.cluster.embedding import (
    EmbedRequest,
    needs_rotations,
    open_embedding,
)
from fewbench.datasets.info import DataError
from fewbench_tests.stored import embed_here, write_encoder


def scores():
    def nearest(support_images, support_labels, query_images):
        raise AssertionError

    return nearest


def test_the_id_is_that_of_all_that_decides_the_features(
    module: str, glyphs_root: Path, tmp_path: Path
) -> None:
    def id_of(what: str = f"{module}:encoder", **changes: object) -> str:
        values = {"dataset": "glyphs", "split": "val", **changes}
        request = EmbedRequest(what, **values)  # pyright: ignore[reportArgumentType]
        return open_embedding(request, glyphs_root).id

    other = write_encoder(tmp_path, seed=1)
    others = [
        id_of("centroid"),
        id_of(f"{other}:encoder"),
        id_of(split="test"),
        id_of(rotations=True),
        id_of(threads=2),
        id_of(preparation={"invert": True}),
        id_of(loading={"batch_size": 3}),
        id_of(loading={"name": "mine"}),
    ]
    one = id_of()
    assert one == id_of(rotations=False, loading={"device": "cpu"})
    assert len({one, *others}) == len(others) + 1


def test_the_size_is_known_before_the_work(glyphs_root: Path) -> None:
    request = EmbedRequest("centroid", "glyphs", "val")
    embedding = open_embedding(request, glyphs_root)
    assert embedding.n_bytes == 1120 * 28 * 28
    assert embedding.images.n_images == 1120


def test_rotations_are_those_of_the_protocols() -> None:
    assert needs_rotations("omniglot")
    assert needs_rotations("omniglot-nearest")
    assert needs_rotations("omniglot@105")
    assert not needs_rotations("glyphs")


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (f"{__name__}:scores", "expected an encoder of single images"),
        ("no_such:encoder", "cannot import no_such"),
    ],
)
def test_what_embeds_nothing_is_refused(
    glyphs_root: Path, what: str, said: str
) -> None:
    with pytest.raises(BaselineError, match=said):
        open_embedding(EmbedRequest(what, "glyphs", "val"), glyphs_root)


def test_stored_features_and_unknown_splits_are_refused(
    glyphs_root: Path, tmp_path: Path
) -> None:
    embed_here(tmp_path / "stored", glyphs_root)
    what = f"features:{tmp_path / 'stored'}"
    with pytest.raises(BaselineError, match="its images are embedded already"):
        open_embedding(EmbedRequest(what, "glyphs", "val"), glyphs_root)
    with pytest.raises(DataError, match="has no split 'dev'"):
        open_embedding(EmbedRequest("centroid", "glyphs", "dev"), glyphs_root)
