"""The bytes of a submission are read once, and within bounds."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fewbench.benchmark.submission.bundle_bytes import bundle_sha256
from fewbench.errors import UserError


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda _: None, "got no file"),
        (Path.mkdir, "got a folder"),
        (os.mkfifo, "got no file"),
    ],
)
def test_what_is_no_file_is_refused(
    make: Callable[[Path], object], words: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.fewbench.zip"
    make(path)

    with pytest.raises(UserError, match=words):
        bundle_sha256(path)


def test_a_huge_bundle_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.fewbench.zip"
    with path.open("wb") as file:
        file.truncate(300 << 20)

    with pytest.raises(UserError, match=r"at most 268,435,456 bytes.*addresses"):
        bundle_sha256(path)
