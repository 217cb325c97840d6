"""Further builds of the whole of Omniglot: another filter, and an unpacked folder."""

import shutil
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fewbench.datasets import BUILDERS
from fewbench.datasets.build import Build, build
from fewbench.datasets.info import Request
from fewbench.datasets.root import verify
from fewbench.datasets.sizes import at_size
from fewbench.datasets.store.split_store import SplitStore


@pytest.fixture(scope="module")
def source(shared_data: Path) -> Path:
    return shared_data / "omniglot"


@pytest.fixture(scope="module")
def omniglot(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Build:
    root = tmp_path_factory.mktemp("omniglot")
    return build(BUILDERS["omniglot"], root, Request(source))


def test_lanczos_gives_grey_levels_and_nearest_two(
    source: Path, omniglot: Build
) -> None:
    lanczos = SplitStore(omniglot.folder / "test.h5")
    nearest_build = build(
        BUILDERS["omniglot-nearest"], omniglot.folder.parent, Request(source)
    )
    nearest = SplitStore(nearest_build.folder / "test.h5")

    assert len(np.unique(lanczos.images[:100])) > 60
    assert np.unique(nearest.images).tolist() == [0, 255]
    assert nearest.class_names == lanczos.class_names
    assert nearest.fingerprint == BUILDERS["omniglot-nearest"].reference_sha256["test"]
    verify(BUILDERS["omniglot-nearest"], omniglot.folder.parent)


def test_the_original_size_is_not_resized(source: Path, omniglot: Build) -> None:
    root = omniglot.folder.parent
    pixels = []
    for name in ("omniglot", "omniglot-nearest"):
        made = build(at_size(BUILDERS[name], 105), root, Request(source)).manifest
        assert made["resampling"] == "none: the original images have this size"
        pixels.append(made["splits"]["val"]["pixels_sha256"])
    assert pixels[0] == pixels[1]
    images = SplitStore(root / "omniglot@105" / "val.h5").images
    assert images.shape == (3440, 105, 105, 1)
    assert np.unique(images).tolist() == [0, 255]


def test_nearest_is_what_pillow_makes_of_one_bit_images(
    source: Path, omniglot: Build
) -> None:
    nearest = build(
        BUILDERS["omniglot-nearest"], omniglot.folder.parent, Request(source)
    )
    store = SplitStore(nearest.folder / "test.h5")
    c = store.class_names.index("Kannada/character01")
    first = int(store.class_offsets[c])
    with zipfile.ZipFile(source / "images_evaluation.zip") as archive:
        folder = "images_evaluation/Kannada/character01/"
        member = min(
            n for n in archive.namelist() if n.startswith(folder) and n.endswith("png")
        )
        with archive.open(member) as file, Image.open(file) as image:
            assert image.mode == "1"
            asked = np.asarray(image.resize((28, 28), Image.Resampling.LANCZOS))
    np.testing.assert_array_equal(store.images[first, :, :, 0] == 0, asked)


def test_an_unpacked_folder_gives_the_same_content(
    source: Path, omniglot: Build, tmp_path: Path
) -> None:
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    (unpacked / "images_background.zip").symlink_to(source / "images_background.zip")
    with zipfile.ZipFile(source / "images_evaluation.zip") as archive:
        archive.extractall(unpacked)
    again = build(BUILDERS["omniglot"], tmp_path / "root", Request(unpacked))
    assert again.manifest["splits"] == omniglot.manifest["splits"]
    checks = again.manifest["checks"]
    assert sum("a folder, no archive checksum" in check for check in checks) == 1
    shutil.rmtree(unpacked)


def test_other_archives_of_both_sets_give_the_same_content(
    source: Path, omniglot: Build, tmp_path: Path
) -> None:
    for name in ("images_background", "images_evaluation"):
        with zipfile.ZipFile(source / f"{name}.zip") as archive:
            archive.extractall(tmp_path / "unpacked")
    packed = tmp_path / "packed" / "python"
    packed.mkdir(parents=True)
    for name in ("images_background", "images_evaluation"):
        with tarfile.open(packed / f"{name}.tar.gz", "w:gz") as archive:
            archive.add(tmp_path / "unpacked" / name, name)
    with tarfile.open(tmp_path / "omniglot.tar", "w") as archive:
        archive.add(tmp_path / "unpacked", "omniglot")
    for number, place in enumerate((packed, packed.parent, tmp_path / "omniglot.tar")):
        root = tmp_path / f"root-{number}"
        again = build(BUILDERS["omniglot"], root, Request(place))
        assert again.manifest["splits"] == omniglot.manifest["splits"]
