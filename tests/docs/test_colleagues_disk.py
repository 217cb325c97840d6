"""Files from a colleague's disk: `identify` names a command, and the command works.

Omniglot, whose pixels are all compared, is in tests/heavy.
"""

from pathlib import Path

from fewbench.datasets.miniimagenet import ravi_split
from fewbench.datasets.tieredimagenet import ren_split
from fewbench_tests import imagenet_archives as world
from fewbench_tests.advice import build_as_advised


def test_miniimagenet_in_a_snapshot_of_a_hub(tmp_path: Path) -> None:
    wnid, (_, numbers) = next(iter(ravi_split().numbers.items()))
    blobs = tmp_path / "hub" / "blobs"
    snapshot = tmp_path / "hub" / "snapshots" / "0f"
    blobs.mkdir(parents=True)
    snapshot.mkdir(parents=True)
    for number in numbers[:20]:
        blob = blobs / f"{number:04x}"
        blob.write_bytes(world.jpeg(wnid, number, side=84))
        (snapshot / f"{wnid}{number:08d}.jpg").symlink_to(f"../../blobs/{blob.name}")
    manifest = build_as_advised(tmp_path, "hub/snapshots/0f")
    (split,) = manifest["splits"].values()
    assert (split["n_classes"], split["n_images"]) == (1, 20)


def test_tieredimagenet_as_links_to_class_folders(tmp_path: Path) -> None:
    subset = tmp_path / "subset"
    subset.mkdir()
    for wnid in list(ren_split().classes)[:3]:
        folder = tmp_path / "ILSVRC2012" / "train" / wnid
        folder.mkdir(parents=True)
        for k in range(3):
            (folder / f"{wnid}_{k}.JPEG").write_bytes(world.jpeg(wnid, k, side=64))
        (subset / wnid).symlink_to(folder)
    manifest = build_as_advised(tmp_path, "subset")
    assert sum(one["n_images"] for one in manifest["splits"].values()) == 9
