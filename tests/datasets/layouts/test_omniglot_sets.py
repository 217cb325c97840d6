import zipfile
from pathlib import Path

import pytest

from fewbench.datasets.downloads.checksums import file_digest
from fewbench.datasets.info import DataError, Request, Source
from fewbench.datasets.layouts.omniglot_sets import open_set, set_name

FILE = "images_background/Greek/character01/0001_01.png"


def official(md5: str = "0" * 32) -> Source:
    return Source(
        "images_background.zip", ("https://example.org/images_background.zip",), md5=md5
    )


def zipped(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(FILE, b"png")
    return path


def test_a_set_is_named_as_its_archive() -> None:
    assert set_name(official()) == "images_background"


@pytest.mark.parametrize("is_official", [True, False])
def test_an_archive_is_compared_with_the_official_checksum(
    tmp_path: Path, is_official: bool
) -> None:
    archive = zipped(tmp_path / "images_background.zip")
    expected = official(file_digest(archive, "md5")) if is_official else official()

    _, names, check = open_set(Request(tmp_path), tmp_path, expected)

    assert names == [FILE]
    assert check.endswith("is the official one") is is_official


def test_an_unpacked_folder_has_no_checksum(tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.parent.mkdir(parents=True)
    path.write_bytes(b"png")

    _, names, check = open_set(Request(tmp_path), tmp_path, official())

    assert names == ["Greek/character01/0001_01.png"]
    assert "a folder, no archive checksum" in check


def test_one_archive_may_hold_the_set(tmp_path: Path) -> None:
    zipped(tmp_path / "everything.zip")

    _, names, check = open_set(Request(tmp_path), tmp_path, official())

    assert names == [f"everything/{FILE}"]
    assert "no archive checksum" in check


def test_a_missing_set_is_named_with_its_address(tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_bytes(b"png")

    with pytest.raises(DataError, match="images_background") as info:
        open_set(Request(tmp_path), tmp_path, official())

    assert "https://example.org" in str(info.value)
