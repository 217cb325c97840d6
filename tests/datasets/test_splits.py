"""The class lists of published splits are read as they are printed."""

from collections import Counter
from pathlib import Path

import pytest

from fewbench.datasets import splits
from fewbench.datasets.info import DataError
from fewbench.datasets.splits import SplitClass, read_classes, read_split


def test_published_lists_have_the_published_numbers_of_classes() -> None:
    ravi = Counter(read_split("miniimagenet_ravi").values())
    assert ravi == {"train": 64, "val": 16, "test": 20}
    ren = Counter(read_split("tieredimagenet_ren").values())
    assert ren == {"train": 351, "val": 97, "test": 160}


def test_comments_headings_and_facts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "# source\n\n[train]\na\nb two facts\n[test]\nc x\n"
    (tmp_path / "mine.txt").write_text(text)
    monkeypatch.setattr(splits, "_FOLDER", tmp_path)
    assert read_classes("mine") == {
        "a": SplitClass("train", ""),
        "b": SplitClass("train", "two facts"),
        "c": SplitClass("test", "x"),
    }
    assert read_split("mine") == {"a": "train", "b": "train", "c": "test"}


def test_a_class_may_be_listed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.txt").write_text("[train]\na\n[test]\na\n")
    monkeypatch.setattr(splits, "_FOLDER", tmp_path)
    with pytest.raises(DataError, match=r"mine\.txt.*every class once, got a twice"):
        read_split("mine")
