"""Unpacked data go to a nameless file, and a lack of room is refused."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from fewbench.datasets.archives.temporary_file import write_temporary
from fewbench.datasets.archives.tree import open_tree
from fewbench.datasets.info import DataError
from fewbench_tests.small_archives import write

FULL = """
import resource, sys
from pathlib import Path
from fewbench.datasets.archives.tree import open_tree
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
open_tree(Path(sys.argv[1]), scratch=Path(sys.argv[2])).byte_range("noise")
"""


@pytest.mark.parametrize("kind", ["deflated", "tar.gz"])
def test_no_room_to_unpack(tmp_path: Path, kind: str) -> None:
    path = write(
        kind, tmp_path / "source", {"noise": random.Random(0).randbytes(500_000)}
    )
    run = subprocess.run(
        [sys.executable, "-c", FULL, path, tmp_path], capture_output=True
    )
    error = run.stderr.decode().splitlines()[-1]
    assert f"expected free space in {tmp_path}, got File too large" in error
    assert "info.DataError" in error
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(DataError, match="free space in .*/gone, got No such file"):
        open_tree(path, scratch=tmp_path / "gone").byte_range("noise")


def test_the_file_has_no_name_and_goes_with_the_range(tmp_path: Path) -> None:
    open_files = len(os.listdir("/dev/fd"))
    data = write_temporary([b"one ", b"", b"two"], "images.gz", tmp_path)

    assert data.read_at(0, len(data)) == b"one two"
    assert data.label == "images.gz"
    assert list(tmp_path.iterdir()) == []
    del data
    assert len(os.listdir("/dev/fd")) == open_files
