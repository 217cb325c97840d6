"""The partial file and its origin record, also those of an older fewbench."""

import json
from pathlib import Path

import pytest

from fewbench.datasets.downloads.partial_file import Origin, PartialFile
from fewbench_tests.downloads import (
    CONTENT,
    MD5,
    SIZE,
    get,
    leave,
    listed,
)
from fewbench_tests.servers import Answer, Server


@pytest.mark.parametrize("renamed", [False, True])
def test_run_killed_before_or_while_the_checksum_was_compared_loses_nothing(
    server: Server, tmp_path: Path, renamed: bool
) -> None:
    url = server.on("/file", Answer(CONTENT))
    leave(tmp_path, CONTENT, url=url, total=SIZE, handed_to="tmpab_12")
    temporary = tmp_path / "tmpab_12"
    if renamed:
        (tmp_path / "images.zip.part").rename(temporary)
    else:
        temporary.touch()
    assert get(tmp_path, url, md5=MD5) == CONTENT
    assert not server.asked
    assert temporary.exists() != renamed


def test_note_cannot_name_a_file_of_somebody_else(
    server: Server, tmp_path: Path
) -> None:
    url = server.on("/file", Answer(CONTENT))
    for n, name in enumerate(("../precious", "precious", "tmp/../precious")):
        folder = tmp_path / str(n)
        leave(folder, b"", url=url, total=SIZE, handed_to=name)
        (folder / "images.zip.part").unlink()
        for precious in (folder / "precious", tmp_path / "precious"):
            precious.write_bytes(CONTENT)
        assert get(folder, url, md5=MD5) == CONTENT
        assert (folder / "precious").exists()
        assert (tmp_path / "precious").exists()
    assert len(server.asked) == 3


@pytest.mark.parametrize("validator", ["\n", "\r\nX: 1", "\u20ac", 7, "x" * 2**20])
def test_note_cannot_put_anything_into_a_request(
    server: Server, tmp_path: Path, validator: object
) -> None:
    url = server.on("/file", Answer(CONTENT))
    leave(tmp_path, CONTENT[:1000], url=url, validator=validator)
    assert get(tmp_path, url, md5=MD5) == CONTENT
    assert server.header("If-Range") == [None]


def test_origin_record_is_read_back(tmp_path: Path) -> None:
    part = PartialFile(tmp_path / "images.zip")
    origin = Origin("http://example.org/images.zip", '"one"', 1000)
    part.begin(origin)
    assert part.size == 0
    part.path.write_bytes(b"half")
    assert (part.size, part.origin()) == (4, origin)
    assert part.path == tmp_path / "images.zip.part"
    document = json.loads((tmp_path / "images.zip.part.json").read_text())
    assert document.keys() == {"url", "validator", "total", "handed_to"}


@pytest.mark.parametrize("damaged", [b"", b"{", b"[]", b'{"total": -1}', b'{"x": 1}'])
def test_damaged_origin_record_counts_as_none(tmp_path: Path, damaged: bytes) -> None:
    part = PartialFile(tmp_path / "images.zip")
    (tmp_path / "images.zip.part.json").write_bytes(damaged)
    assert part.origin() == Origin()


def test_finished_file_has_its_name_and_nothing_is_left(tmp_path: Path) -> None:
    part = PartialFile(tmp_path / "images.zip")
    part.begin(Origin())
    part.path.write_bytes(CONTENT)
    part.finish()
    assert listed(tmp_path) == ["images.zip"]
    assert (tmp_path / "images.zip").read_bytes() == CONTENT
