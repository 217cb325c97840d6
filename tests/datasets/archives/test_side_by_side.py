"""Archives in a folder show what the folder would show if they were unpacked in it."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewbench.datasets.archives.limits import Limits
from fewbench.datasets.archives.side_by_side import ARCHIVE_SUFFIXES, unpacked_name
from fewbench.datasets.archives.tree import Tree, open_tree
from fewbench.datasets.info import DataError
from fewbench_tests.small_archives import write_folder, write_tar, write_zip

TRAIN = {"train/n01/a.jpg": b"first", "train/n02/a.jpg": bytes(3000)}
VAL = {"val/n03/b.jpg": b"second"}


def opened(folder: Path, limits: Limits | None = None) -> Tree:
    return open_tree(
        folder, limits, is_archive=lambda name: name.endswith(ARCHIVE_SUFFIXES)
    )


def contents(tree: Tree) -> dict[str, bytes]:
    return {name: tree.read(name) for name in tree.names()}


def without_top(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name.partition("/")[2]: data for name, data in files.items()}


@settings(max_examples=20, deadline=None)
@given(
    kinds=st.tuples(*[st.sampled_from(["folder", "zip", "tar", "tar.gz", "tgz"])] * 2),
    has_top=st.tuples(st.booleans(), st.booleans()),
)
def test_any_mixture_shows_the_unpacked_files(
    tmp_path_factory: pytest.TempPathFactory,
    kinds: tuple[str, str],
    has_top: tuple[bool, bool],
) -> None:
    folder = tmp_path_factory.mktemp("source")
    (folder / "notes.txt").write_bytes(b"notes")
    for kind, top, files in zip(kinds, has_top, (TRAIN, VAL), strict=True):
        name = next(iter(files)).partition("/")[0]
        inside = files if top else without_top(files)
        if kind == "folder":
            write_folder(folder, files)
        elif kind == "zip":
            write_zip(folder / f"{name}.zip", inside)
        else:
            packing = "" if kind == "tar" else "gz"
            write_tar(folder / f"{name}.{kind}", inside, packing)
    tree = opened(folder)
    assert contents(tree) == {"notes.txt": b"notes", **TRAIN, **VAL}
    for name, data in {**TRAIN, **VAL}.items():
        assert tree.size(name) == len(data)
        assert tree.byte_range(name).read_at(0, len(data)) == data


def test_archives_stay_files_if_nobody_asks_to_look_into_them(tmp_path: Path) -> None:
    write_zip(tmp_path / "train.zip", TRAIN)
    assert open_tree(tmp_path).names() == ["train.zip"]


@pytest.mark.parametrize("place", ["", "train/"])
def test_an_archive_beside_its_unpacked_files_adds_none(
    tmp_path: Path, place: str
) -> None:
    """Half of them are unpacked: an interrupted `unzip` left the others out."""
    inside = {"a.pkl": b"first", "b.pkl": b"second"}
    write_zip(tmp_path / "train.zip", inside)
    write_folder(tmp_path, {f"{place}a.pkl": b"first"})
    found = contents(opened(tmp_path))
    assert found == {f"{place}a.pkl": b"first", "train/b.pkl": b"second"}


def test_two_archives_with_the_same_path_are_refused(tmp_path: Path) -> None:
    write_zip(tmp_path / "train.zip", TRAIN)
    write_tar(tmp_path / "train.tar", without_top(TRAIN))
    with pytest.raises(DataError) as caught:
        opened(tmp_path)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path}: cannot read 'train/n01/a.jpg'")
    assert f"one in {tmp_path}/train.tar and one in {tmp_path}/train.zip" in message
    assert message.endswith("Move one of the two to another folder.")


def test_a_file_that_differs_from_the_one_in_the_archive_is_refused(
    tmp_path: Path,
) -> None:
    write_zip(tmp_path / "train.zip", TRAIN)
    write_folder(tmp_path, {"train/n01/a.jpg": b"cut"})
    with pytest.raises(DataError, match=r"two that differ: one in .*train\.zip"):
        opened(tmp_path)


def test_a_damaged_file_is_named_with_its_archive(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "val.zip", {"n03/b.jpg": bytes(range(256)) * 20})
    data = bytearray(path.read_bytes())
    start = data.index(b"n03/b.jpg") + 40
    data[start : start + 8] = b"\xff" * 8
    path.write_bytes(data)
    tree = opened(tmp_path)
    with pytest.raises(DataError) as caught:
        tree.read("val/n03/b.jpg")
    assert str(caught.value).startswith(f"{path}: cannot read 'n03/b.jpg': expected")


def test_the_error_of_an_archive_is_kept_if_there_is_a_place_for_it(
    tmp_path: Path,
) -> None:
    write_zip(tmp_path / "train.zip", TRAIN)
    (tmp_path / "val.zip").write_bytes(b"no zip")
    with pytest.raises(DataError, match=r"val\.zip: cannot open it: expected a zip"):
        opened(tmp_path)
    refused: dict[str, DataError] = {}
    tree = open_tree(
        tmp_path, is_archive=lambda name: name.endswith(".zip"), refused=refused
    )
    assert tree.names() == [*TRAIN, "val.zip"]
    assert list(refused) == ["val.zip"]


def test_files_of_all_archives_count_together(tmp_path: Path) -> None:
    write_zip(tmp_path / "train.zip", TRAIN)
    write_zip(tmp_path / "val.zip", VAL)
    assert len(opened(tmp_path, Limits(members=3)).names()) == 3
    with pytest.raises(DataError, match="expected at most 2 files, got 3 or more"):
        opened(tmp_path, Limits(members=2))


def test_a_bomb_among_the_archives_is_refused(tmp_path: Path) -> None:
    write_zip(tmp_path / "train.zip", TRAIN)
    write_zip(tmp_path / "val.zip", {"b.jpg": bytes(2**22)})
    with pytest.raises(DataError, match=r"val\.zip: .*as in a decompression bomb"):
        opened(tmp_path)


def test_an_archive_behind_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    outside = write_zip(tmp_path / "outside.zip", TRAIN)
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "train.zip").symlink_to(outside)
    with pytest.raises(DataError, match="a link that leads outside the folder"):
        opened(folder)


def test_hundreds_of_archives_are_refused(tmp_path: Path) -> None:
    for i in range(201):
        write_zip(tmp_path / f"{i}.zip", {"a.jpg": b"x"})
    with pytest.raises(DataError, match="expected at most 200 archives, got 201"):
        opened(tmp_path)


def test_the_stamp_covers_every_archive(tmp_path: Path) -> None:
    write_zip(tmp_path / "train.zip", TRAIN)
    write_zip(tmp_path / "val.zip", VAL)
    before = opened(tmp_path).stamp()
    assert opened(tmp_path).stamp() == before
    write_zip(tmp_path / "val.zip", {"val/n03/b.jpg": b"second."})
    assert opened(tmp_path).stamp() != before


def test_a_tar_in_an_archive_of_the_folder_is_read_in_place(tmp_path: Path) -> None:
    inner = write_tar(tmp_path / "n01.tar", {"a.jpg": b"first"})
    write_tar(tmp_path / "train.tar", {"n01.tar": inner.read_bytes()})
    inner.unlink()
    tree = opened(tmp_path)
    assert tree.names() == ["train/n01.tar"]
    assert tree.nested("train/n01.tar").read("a.jpg") == b"first"


def test_the_ending_of_an_archive_is_no_part_of_its_folder() -> None:
    assert unpacked_name("a/train.tar.gz") == "a/train"
    assert unpacked_name("VAL.ZIP") == "VAL"
    assert unpacked_name("a.b") == "a.b"
