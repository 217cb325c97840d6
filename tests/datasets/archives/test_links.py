"""Links that lead to the data of a source are followed, all others are named."""

from pathlib import Path

import pytest

from fewbench.datasets.archives.tree import open_tree
from fewbench.datasets.info import DataError

CLASS = {"n01/a.jpg": b"a", "n01/b.JPEG": b"b"}


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def names(folder: Path) -> list[str]:
    with open_tree(folder) as tree:
        return tree.names()


def test_a_folder_inside_is_shown_in_the_place_of_its_link(tmp_path: Path) -> None:
    write(tmp_path / "store", CLASS)
    (tmp_path / "train").mkdir()
    (tmp_path / "train/cats").symlink_to("../store/n01")
    with open_tree(tmp_path) as tree:
        assert tree.names() == ["train/cats/a.jpg", "train/cats/b.JPEG"]
        assert tree.read("train/cats/a.jpg") == b"a"


def test_class_folders_may_be_linked_from_elsewhere(tmp_path: Path) -> None:
    full = write(tmp_path / "full", CLASS)
    subset = write(tmp_path / "subset", {"notes.md": b""})
    (subset / "n01").symlink_to(full / "n01")
    assert names(subset) == ["n01/a.jpg", "n01/b.JPEG", "notes.md"]
    (full / "n01/passwords.txt").write_bytes(b"secret")
    with pytest.raises(DataError, match="leads outside the folder.*cp -rL"):
        names(subset)


def test_another_name_or_a_folder_of_folders_is_no_class_folder(tmp_path: Path) -> None:
    full = write(tmp_path / "full", CLASS)
    subset = write(tmp_path / "sub set", {"notes.md": b""})
    for name, target in (("cats", full / "n01"), ("full", full)):
        (subset / name).symlink_to(target)
        advice = rf"'{name}'.*cp -rL '{subset}' COPY"
        with pytest.raises(DataError, match=advice):
            names(subset)
        (subset / name).unlink()


def test_snapshots_of_a_hub_lead_to_its_blobs(tmp_path: Path) -> None:
    repository = write(tmp_path / "hub", {"blobs/1f": b"a", "other/secret": b"s"})
    snapshot = write(repository / "snapshots" / "abc", {"n01/x.txt": b""})
    (snapshot / "n01/a.jpg").symlink_to("../../../blobs/1f")
    for source in (snapshot, snapshot / "n01"):
        assert [name for name in names(source) if name.endswith("a.jpg")]
    (snapshot / "b.jpg").symlink_to("../../other/secret")
    with pytest.raises(DataError, match=r"'b\.jpg'.*leads outside"):
        names(snapshot)


def test_loops_and_second_links_are_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "a", {"b/c.txt": b"", "d/e.txt": b""})
    (folder / "b/up").symlink_to("..")
    with pytest.raises(DataError, match="'b/up'.*a folder that holds it"):
        names(folder)
    (folder / "b/up").unlink()
    (folder / "b/d").symlink_to("../d")
    assert names(folder) == ["b/c.txt", "b/d/e.txt"]
    (folder / "d2").symlink_to("d")
    with pytest.raises(DataError, match="second link to the same folder"):
        names(folder)
