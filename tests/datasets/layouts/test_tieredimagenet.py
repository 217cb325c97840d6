"""Every layout of tieredImageNet builds the same dataset."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fewbench.datasets.build import build
from fewbench.datasets.info import DataError, Request
from fewbench.datasets.root import open_split
from fewbench_tests import imagenet_archives as world
from fewbench_tests.small_archives import write_tar

TIERED, WNIDS = world.TIERED, list(world.REN.classes)
NAMELESS: dict[str, Callable[[Path], Path]] = {
    "pickles, protocol 2": world.write_tiered_pickles,
    "pickles, flat arrays": partial(world.write_tiered_pickles, column=False),
    "pickles, protocol 4": partial(world.write_tiered_pickles, protocol=4),
    "pickles in tar": lambda folder: world.pack(
        world.write_tiered_pickles(folder), "t.tar"
    ),
    "npz with names": world.write_npz,
    "npz, compressed": partial(world.write_npz, packed=True),
    "torchmeta": world.write_tiered_groups,
    "an archive for each pickle": lambda folder: world.pack_each(
        world.write_tiered_pickles(folder), ".zip", ".tar"
    ),
}
NAMED: dict[str, Callable[[Path], Path]] = {
    "class folders": partial(world.write_class_folders, wnids=WNIDS),
    "class folders in zip": lambda folder: world.pack(
        world.write_class_folders(folder, WNIDS), "c.zip"
    ),
    "tar of tars": partial(world.write_tar_of_tars, wnids=WNIDS),
    "tar of tars beside another archive": lambda folder: with_another_archive(
        world.write_tar_of_tars(folder, WNIDS)
    ),
}


def with_another_archive(folder: Path) -> Path:
    """As ILSVRC2012's downloads lie: the validation images are flat, in a tar."""
    images = {f"ILSVRC2012_val_{i:08d}.JPEG": world.jpeg(WNIDS[0], i) for i in (1, 2)}
    write_tar(folder / "ILSVRC2012_img_val.tar", images)
    return folder


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    source = world.write_tiered_pickles(tmp_path_factory.mktemp("pickles"))
    return build(TIERED, tmp_path_factory.mktemp("root"), Request(source)).manifest[
        "splits"
    ]


@pytest.mark.parametrize("write", (NAMELESS | NAMED).values(), ids=NAMELESS | NAMED)
def test_every_layout_builds_the_same_pixels(
    folder: Path,
    expected: dict[str, Any],
    write: Callable[[Path], Path],
) -> None:
    root = folder.parent / "root"
    manifest = build(TIERED, root, Request(write(folder))).manifest
    assert not manifest["partial"]
    key = "content_sha256" if write in NAMELESS.values() else "pixels_sha256"
    for split, counts in expected.items():
        assert manifest["splits"][split][key] == counts[key]
    store = open_split(TIERED, root, "test")
    for c, (wnid, images) in enumerate(sorted(world.tiered_arrays("test").items())):
        assert (store.class_names[c], store.class_categories[c]) == (
            wnid,
            world.REN.classes[wnid][1],
        )
        np.testing.assert_array_equal(store.read_class(c), images)


def test_an_npz_whose_channels_were_reversed_already_is_refused(folder: Path) -> None:
    world.write_npz(folder)
    reddish = np.zeros((36, 84, 84, 3), np.uint8) + np.array([120, 110, 100], np.uint8)
    np.savez(folder / "val_images.npz", images=reddish)
    with pytest.raises(
        DataError, match=r"val_images.npz.*expected .*BGR.*, got RGB .*120, 110, 100"
    ):
        TIERED.list_classes(Request(folder))


def test_the_channel_order_of_an_npz_is_recorded(folder: Path) -> None:
    world.write_npz(folder)
    checks = TIERED.list_classes(Request(folder)).checks
    assert "channels reversed: BGR to RGB" in checks
    assert sum("measured" in check for check in checks) == 3
