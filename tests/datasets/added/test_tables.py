from pathlib import Path

import pytest

from fewbench.datasets.added.found import FoundClass
from fewbench.datasets.added.tables import classes_in_tables, is_table
from fewbench.datasets.info import DataError, Request
from fewbench.datasets.layouts.source_files import open_source

PATHS = ["a.png", "b.png", "images/c.png", "d.png"]


def found(folder: Path, **tables: str) -> tuple[list[FoundClass], int]:
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    files = open_source(Request(folder)).of_kind("csv")
    return classes_in_tables("s", [one for one in files if is_table(one)], PATHS)


def test_labels_and_splits_come_from_a_csv(tmp_path: Path) -> None:
    text = "filename,label,split\na.png,cat,train\nb.png,dog,Test\nc.png,cat,train\n\n"
    (cat, dog), n_unlisted = found(tmp_path, data=text, notes="x,y\n1,2\n")
    assert cat == FoundClass(
        "cat", {"a.png": "a.png", "c.png": "images/c.png"}, "train"
    )
    assert dog.split == "test"
    assert n_unlisted == 1


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_labels_of_meta_album(tmp_path: Path, delimiter: str) -> None:
    rows = [("\ufeffFILE_NAME", "CATEGORY", "SUPER_CATEGORY"), ("c.png", "owl", "")]
    text = "\n".join(delimiter.join(row) for row in rows)
    (owl,), _ = found(tmp_path, labels=text)
    assert owl == FoundClass("owl", {"c.png": "images/c.png"})


def test_the_name_of_a_table_may_say_the_split(tmp_path: Path) -> None:
    classes, _ = found(
        tmp_path,
        train="filename,label\na.png,cat\n",
        test="filename,label\nb.png,dog\n",
    )
    assert {one.name: one.split for one in classes} == {"cat": "train", "dog": "test"}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("x.png,cat,", r"line 2: expected an image.*'x\.png'"),
        ("../a.png,cat,", "line 2: expected an image"),
        ("a.png,cat,\na.png,dog,", r"line 3: expected each image once, got a\.png"),
        ("a.png,cat,train\nb.png,cat,test", "line 3: class cat.*train and test"),
        ("a.png,cat,later", "line 2: expected the split train, val or test"),
        ("a.png", "line 2: expected at least 3 columns, got 1"),
        ("a.png,,", "line 2: class ''"),
        ("", "expected lines in the CSV, got none"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, rows: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        found(tmp_path, data=f"filename,label,split\n{rows}")
