import zipfile
from pathlib import Path

import pytest

from fewbench.datasets.downloads.checksums import file_digest
from fewbench.datasets.info import DataError, Request, Source
from fewbench.datasets.layouts.omniglot_sets import (
    open_set,
    set_name,
    without_inner_archives,
)

FILE = "images_background/Greek/character01/0001_01.png"


def official(md5: str = "0" * 32) -> Source:
    return Source(
        "images_background.zip", ("https://example.org/images_background.zip",), md5=md5
    )


def zipped(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(FILE, b"png")
    return path


def open_unpacked(outer: Request) -> None:
    with without_inner_archives(outer, [official()]) as (request, _):
        assert request.source is not None
        open_set(request, request.source, official())


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


def test_a_folder_may_be_one_set(tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.parent.mkdir(parents=True)
    path.write_bytes(b"png")
    source = tmp_path / "images_background"

    _, names, _ = open_set(Request(source), source, official())

    assert names == ["Greek/character01/0001_01.png"]


@pytest.mark.parametrize("folder", ["", "source/"])
def test_archives_inside_an_archive_are_unpacked_for_a_while(
    tmp_path: Path, folder: str
) -> None:
    inner = zipped(tmp_path / "images_background.zip")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    (tmp_path / "source").mkdir()
    both = tmp_path / f"{folder}both.zip"
    with zipfile.ZipFile(both, "w") as archive:
        archive.write(inner, "omniglot/python/images_background.zip")
    outer = Request(both.parent if folder else both, scratch=scratch)
    md5 = file_digest(inner, "md5")
    with without_inner_archives(outer, [official(md5)]) as (request, stamp):
        assert request.source is not None
        assert request.source.is_relative_to(scratch)
        _, names, check = open_set(request, request.source, official(md5))
        assert names == [FILE]
        assert check.endswith("is the official one")
        assert stamp
    assert not list(scratch.iterdir())


def test_other_sources_stay_as_they_are(tmp_path: Path) -> None:
    zipped(tmp_path / "images_background.zip")
    request = Request(tmp_path)
    with without_inner_archives(request, [official()]) as (same, stamp):
        assert same is request
        assert stamp == ""


def test_a_damaged_archive_in_an_archive_is_named_by_the_archive_around_it(
    tmp_path: Path,
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    both = tmp_path / "both.zip"
    with zipfile.ZipFile(both, "w") as archive:
        archive.writestr("omniglot/images_background.zip", b"PK damaged")
    outer = Request(both, scratch=scratch)
    with pytest.raises(DataError) as caught:
        open_unpacked(outer)
    assert str(caught.value).startswith(f"{both}: images_background.zip: ")
    assert ".unpacked." not in str(caught.value)
