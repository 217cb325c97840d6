"""A build loses nothing of others, and says where it cannot write."""

import os
from pathlib import Path

import pytest

from fewbench.datasets.build import build
from fewbench.datasets.info import DataError
from fewbench.datasets.root import verify
from fewbench.errors import UserError
from fewbench_tests.bars import BARS


def test_a_root_that_is_no_folder_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for root in ("file", "file/root"):
        sentence = r"cannot write there \(it is no folder\).* Choose another folder"
        with pytest.raises(DataError, match=sentence) as refused:
            build(BARS, tmp_path / root)
        assert "Free" not in str(refused.value)


@pytest.mark.parametrize("place", ["bars", "bars.partial", "bars.old.partial"])
@pytest.mark.parametrize("rebuild", [False, True])
def test_files_of_others_are_not_replaced(
    tmp_path: Path, place: str, rebuild: bool
) -> None:
    if rebuild:
        build(BARS, tmp_path)
    mine = tmp_path / place / "thesis.tex"
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("mine")
    with pytest.raises(UserError, match=r"would be replaced.*got thesis\.tex"):
        build(BARS, tmp_path, rebuild=rebuild)
    assert mine.read_text() == "mine"
    if rebuild:
        verify(BARS, tmp_path)


def test_a_pipe_in_the_way_is_named_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "bars.partial")
    with pytest.raises(UserError, match=r"bars\.partial: would be replaced"):
        build(BARS, tmp_path)
