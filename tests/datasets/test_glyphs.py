"""The dataset that comes with fewbench: what it holds, that it never changes, how hard it is."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from fewbench.datasets import glyphs
from fewbench.datasets.build import build
from fewbench.datasets.episodes import EpisodeSpec, sample_episodes
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.view import ImageView

# Everyone must get the same bytes, always. Other drawings would need another name.
FILE_SHA256 = "d30a3aa8df2cbc37364d54c5833f9486187ec1ce74688ab1d5b02ce0ab18ac3c"
CONTENT_SHA256 = {
    "train": "159557e9cfc268d098a2adcf6e19aea88ed3e42c727dcf3818576fceb4d58df5",
    "val": "0c79ddcb8fdf366b2c4f07b5cbb92381c043f9d76074b7934de6712c4df41971",
    "test": "52295d094583d8148d81bce2506aeae87387dbc3f91712d8ad687483f1852cc9",
}


@pytest.fixture(scope="module")
def splits(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SplitStore]:
    built = build(glyphs.INFO, tmp_path_factory.mktemp("glyphs"))
    return {
        split: SplitStore(built.folder / f"{split}.h5") for split in glyphs.INFO.splits
    }


def scripts_of(store: SplitStore) -> set[str]:
    return {name.split("/")[0] for name in store.class_names}


def test_the_data_file_is_the_one_it_always_was_and_small() -> None:
    path = Path(glyphs.__file__).with_name("glyphs.npz")
    assert path.stat().st_size <= 3 * 2**20
    assert hashlib.sha256(path.read_bytes()).hexdigest() == FILE_SHA256


def test_the_pixels_are_the_ones_they_always_were(
    splits: dict[str, SplitStore],
) -> None:
    assert {
        split: store.fingerprint for split, store in splits.items()
    } == CONTENT_SHA256
    assert glyphs.INFO.reference_sha256 == CONTENT_SHA256


def test_there_are_enough_classes_of_enough_scripts(
    splits: dict[str, SplitStore],
) -> None:
    n_classes = {split: len(store.class_names) for split, store in splits.items()}
    assert n_classes == {"train": 291, "val": 56, "test": 117}
    assert len(set.union(*map(scripts_of, splits.values()))) == 13
    for store in splits.values():
        assert set(np.diff(store.class_offsets).tolist()) == {20}


def test_no_script_is_in_two_splits(splits: dict[str, SplitStore]) -> None:
    train, val, test = map(scripts_of, splits.values())
    assert not train & val
    assert not train & test
    assert not val & test


def test_every_drawing_has_bright_ink_on_a_black_border(
    splits: dict[str, SplitStore],
) -> None:
    for store in splits.values():
        images = store.images[..., 0]
        assert (images.max(axis=(1, 2)) > 200).all()
        assert not images[:, [0, -1]].any()
        assert not images[:, :, [0, -1]].any()
        coverage = (images / 255).mean(axis=(1, 2))
        assert coverage.min() > 0.02
        assert coverage.max() < 0.6


def test_no_two_drawings_are_identical(splits: dict[str, SplitStore]) -> None:
    drawings = [image.tobytes() for store in splits.values() for image in store.images]
    assert len(set(drawings)) == len(drawings)


def test_raw_pixels_solve_it_neither_by_chance_nor_well(
    splits: dict[str, SplitStore],
) -> None:
    """Nearest support image, 5-way 1-shot, 400 episodes: measured at 49.0 %."""
    view = ImageView([splits["test"]])
    batch = sample_episodes(view.class_offsets, EpisodeSpec(5, 1, 15), 0, 0, 400)
    pixels = splits["test"].images.reshape(len(view), -1) / 255.0
    support, query = (
        pixels[batch.support[:, :, 0]],
        pixels[batch.query.reshape(400, 75)],
    )
    # The query's own square changes no order.
    distances = (support**2).sum(2)[:, None] - 2 * query @ support.transpose(0, 2, 1)
    assert 0.47 < (distances.argmin(2) == np.arange(75) // 15).mean() < 0.51
