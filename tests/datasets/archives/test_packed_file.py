"""A zip or tar is opened whatever it is called; anything else is refused by its path."""

from pathlib import Path

import pytest

from fewbench.datasets.archives.limits import Limits
from fewbench.datasets.archives.packed_file import open_archive
from fewbench.datasets.info import DataError
from fewbench_tests.small_archives import FILES, KINDS, write


@pytest.mark.parametrize("kind", KINDS[1:])
def test_every_kind_of_archive_is_opened(tmp_path: Path, kind: str) -> None:
    path = write(kind, tmp_path / "source", FILES)
    members = open_archive(path, Limits(), None)
    assert members.names == sorted(FILES)
    assert members.label == str(path)
    assert members.locate(1) == (members, 1)


@pytest.mark.parametrize(
    ("content", "got"),
    [
        (b"hello", 'a file that starts with "hello"'),
        (b"", "an empty file"),
        (b"PK\x03\x04" + b"x" * 600, "a truncated zip file: its end is missing"),
        (b"<html>", "a web page in place of the archive"),
    ],
)
def test_anything_else_is_refused(tmp_path: Path, content: bytes, got: str) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        open_archive(path, Limits(), None)
    message = str(caught.value)
    assert message.startswith(f"{path}: cannot open it: expected a zip file or a tar")
    assert got in message
