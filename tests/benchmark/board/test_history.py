import subprocess

import pytest

from fewbench.benchmark.board.history import (
    content_at_merge_base,
    files_at_merge_base,
    is_unchanged,
)
from fewbench.errors import UserError


@pytest.mark.parametrize("kind", ["sha1", "sha256"])
def test_the_files_of_a_folder_at_the_common_commit(tmp_path, kind) -> None:
    board = tmp_path / "some" / "board"
    board.mkdir(parents=True)
    (board / "ä b.txt").write_text("one\n")
    (tmp_path / "other.txt").write_text("two\n")
    for command in (
        f"init -q -b main --object-format={kind}",
        "add .",
        "-c user.name=a -c user.email=a@b commit -q -m first",
    ):
        subprocess.run(["git", *command.split()], cwd=tmp_path, check=True)
    files = files_at_merge_base(board, "main")
    assert list(files) == ["ä b.txt"]
    assert is_unchanged(board / "ä b.txt", files["ä b.txt"])
    (board / "ä b.txt").write_text("two\n")
    assert not is_unchanged(board / "ä b.txt", files["ä b.txt"])
    assert content_at_merge_base(board, "main", "ä b.txt") == b"one\n"


def test_a_folder_outside_a_repository(tmp_path) -> None:
    with pytest.raises(UserError, match="cannot compare with the base"):
        files_at_merge_base(tmp_path, "main")
