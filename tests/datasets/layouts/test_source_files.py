"""What a source may be, which of its files count, and what a conversion record says."""

import json
from pathlib import Path

import pytest

from fewbench.datasets.info import DataError, Request
from fewbench.datasets.layouts.source_files import (
    SourceFiles,
    open_source,
    with_text_keys,
)
from fewbench_tests import imagenet_archives as world
from fewbench_tests.small_archives import write_tar, write_zip


def opened(source: Path) -> SourceFiles:
    return open_source(Request(source))


def names(source: Path) -> list[str]:
    return [file.name for file in opened(source).files]


def test_images_archives_and_empty_files_stay_in_the_tree(folder: Path) -> None:
    for name in ("a.JPG", "b.png", "n01440764.tar", "e.pkl", "notes.rst"):
        (folder / name).write_bytes(b"x")
    (folder / "empty.pkl").touch()
    assert names(folder) == ["e.pkl", "notes.rst"]
    assert "a.JPG" in opened(folder).tree.names()


def test_data_is_found_among_thousands_of_other_files(folder: Path) -> None:
    for i in range(300):
        (folder / f"a{i}.log").write_bytes(b"x")
    (folder / "z.pkl").write_bytes(b"x")
    assert len(names(folder)) == 200
    assert names(folder)[0] == "z.pkl"


def test_archives_in_a_folder_are_read_as_if_they_were_unpacked(folder: Path) -> None:
    write_zip(folder / "data.zip", {"inside.pkl": b"x"})
    write_tar(folder / "more.TAR.GZ", {"more/inside.pkl": b"x"}, "gz")
    (folder / "README").write_text("notes")
    (folder / "data.zip.md5").write_text("0")
    (folder / ".hidden.zip").write_text("x")
    found = {"data/inside.pkl", "more/inside.pkl", "README", "data.zip.md5"}
    assert set(names(folder)) == found


def test_a_damaged_archive_in_a_folder_is_named(folder: Path) -> None:
    (folder / "a.pkl").write_bytes(b"x")
    (folder / "b.tar.gz").write_bytes(b"x")
    with pytest.raises(DataError, match=r"b\.tar\.gz: .* move it to another folder"):
        open_source(Request(folder))
    refused: dict[str, DataError] = {}
    files = open_source(Request(folder), refused).files
    assert [file.name for file in files] == ["a.pkl"]
    assert list(refused) == ["b.tar.gz"]


def test_one_file_hides_its_neighbours_but_not_the_conversion_record(
    folder: Path,
) -> None:
    (folder / "a.pkl").write_bytes(b"x")
    (folder / "b.pkl").write_bytes(b"x")
    assert names(folder / "a.pkl") == ["a.pkl"]
    (folder / "conversion.json").write_text('{"resampling": "lanczos"}')
    assert opened(folder / "a.pkl").resampling == "lanczos"
    assert set(names(folder / "a.pkl")) == {"a.pkl", "conversion.json"}


def test_an_npz_is_one_file_and_no_archive(folder: Path) -> None:
    world.write_npz(folder)
    [file] = opened(folder / "val_images.npz").files
    assert (file.name, file.kind) == ("val_images.npz", "npz")


def test_what_a_file_holds_is_read_once(folder: Path) -> None:
    world.write_tiered_pickles(folder)
    world.write_tiered_groups(folder)
    world.write_npz(folder)
    files = opened(folder)
    [pickled] = [one for one in files.of_kind("pickle") if one.stem == "val_labels"]
    groups, arrays = files.of_kind("groups")[0], files.of_kind("npz")[0]
    assert files.pickle(pickled) is files.pickle(pickled)
    assert files.groups(groups) is files.groups(groups)
    assert files.arrays(arrays) is files.arrays(arrays)
    assert files.table(pickled).keys() >= {"label_specific", "label_general"}


def test_a_source_is_needed() -> None:
    with pytest.raises(DataError, match="Add --source PATH"):
        open_source(Request())


def test_a_source_of_too_long_a_name_is_refused(folder: Path) -> None:
    with pytest.raises(DataError, match=r"File name too long\. .*--source PATH"):
        open_source(Request(folder / ("x" * 300)))


def test_the_filter_is_that_of_the_conversion_record(folder: Path) -> None:
    assert opened(folder).resampling is None
    for place in ("a", "b"):
        (folder / place).mkdir()
        record = json.dumps({"resampling": "box"})
        (folder / place / "conversion.json").write_text(record)
    assert opened(folder).resampling == "box"
    (folder / "b" / "conversion.json").write_text('{"resampling": "lanczos"}')
    with pytest.raises(DataError, match="resized by one filter, got box and lanczos"):
        _ = opened(folder).resampling


@pytest.mark.parametrize(
    "record", ["", "[]", "{}", '{"resampling": 5}', '{"resampling": []}', "[" * 99_999]
)
def test_a_damaged_conversion_record_is_refused(folder: Path, record: str) -> None:
    (folder / "conversion.json").write_text(record)
    with pytest.raises(DataError, match=r"conversion\.json: .*or delete that file"):
        _ = opened(folder).resampling


def test_keys_of_python_2_become_text() -> None:
    assert with_text_keys({b"a": 1, "b": 2, 3: 4}) == {"a": 1, "b": 2}
    assert with_text_keys([1]) == {}
