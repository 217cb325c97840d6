"""The labels pickles of tieredImageNet: what they hold, and which images they belong to."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fewbench.datasets.info import DataError, Request
from fewbench.datasets.layouts.source_files import open_source
from fewbench.datasets.layouts.tieredimagenet_labels import (
    Labels,
    find_labels,
    matching_labels,
)
from fewbench_tests import imagenet_archives as world

TIERED = world.TIERED


def found_in(folder: Path, **tables: dict[str, Any]) -> list[Labels]:
    for stem, table in tables.items():
        world.dump(folder / f"{stem}.pkl", table, 2)
    return find_labels(open_source(Request(folder)))


def test_both_keys_are_read_and_other_pickles_left_out(folder: Path) -> None:
    found = found_in(
        folder,
        a={
            "label_specific": [1, 0, 1],
            "label_general": [5, 5, 5],
            "label_specific_str": [b"x", "y"],
        },
        b={"labels": [2]},
        c={"labels": [0], "data": []},
        d={"catalog": {}},
    )
    first, second = found
    assert first.specific.tolist() == [1, 0, 1]
    assert first.general is not None
    assert first.names == ("x", "y")
    assert (second.specific.tolist(), second.general, second.names) == ([2], None, ())


def test_images_of_a_class_keep_the_order_of_the_archive(folder: Path) -> None:
    [labels] = found_in(folder, a={"labels": [3, 0, 3, 3, 0]})
    rows = {label: rows.tolist() for label, rows in labels.rows().items()}
    assert rows == {0: [1, 4], 3: [0, 2, 3]}


def test_no_labels_are_no_classes(folder: Path) -> None:
    [labels] = found_in(folder, a={"labels": []})
    assert labels.rows() == {}


def test_labels_are_found_by_name_or_else_by_their_number(folder: Path) -> None:
    found = found_in(
        folder, val_labels={"labels": [0, 1]}, other_labels={"labels": [0, 0]}
    )
    world.dump(folder / "val_images_png.pkl", [], 2)
    world.dump(folder / "rest.pkl", [], 2)
    files = {file.stem: file for file in open_source(Request(folder)).files}
    by_name = matching_labels(files["val_images_png"], range(2), found)
    assert by_name.file.stem == "val_labels"
    three = [labels for labels in found if labels.file.stem == "other_labels"]
    assert matching_labels(files["rest"], range(2), three) is three[0]
    with pytest.raises(DataError, match=r"with 2 labels .*rest_labels.pkl.*, got 2"):
        matching_labels(files["rest"], range(2), found)


@pytest.mark.parametrize("names", [None, 5, [1], {"a": 0}])
def test_class_names_that_are_no_list_are_refused(folder: Path, names: Any) -> None:
    with pytest.raises(DataError, match="a.pkl: cannot read its class names"):
        found_in(folder, a={"labels": [0], "label_specific_str": names})


def test_labels_that_do_not_fit_the_images_are_refused(folder: Path) -> None:
    world.write_tiered_pickles(folder)
    (folder / "val_labels.pkl").unlink()
    (folder / "train_labels.pkl").unlink()
    labels = world.tiered_labels("val")
    world.dump(
        folder / "val_labels.pkl", labels | {"label_specific": np.zeros(3, np.int32)}, 2
    )
    with pytest.raises(DataError, match="expected one labels pickle with 36 labels"):
        TIERED.list_classes(Request(folder))
