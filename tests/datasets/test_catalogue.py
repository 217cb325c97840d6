from pathlib import Path

import pytest

from fewbench.datasets import BUILDERS
from fewbench.datasets.added.add import OwnImages, add
from fewbench.datasets.catalogue import added_datasets, all_datasets, find_dataset
from fewbench.datasets.info import DataError
from fewbench_tests.own_images import write_classes


@pytest.fixture
def root(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    write_classes(source, {"test/dog": 2, "test/owl": 2})
    add("mine", OwnImages(source, size=16), tmp_path / "root")
    return tmp_path / "root"


def test_added_datasets_stand_beside_those_of_fewbench(root: Path) -> None:
    assert list(added_datasets(root)) == ["mine"]
    assert list(all_datasets(root)) == [*BUILDERS, "mine"]
    assert find_dataset("mine", root).added
    assert find_dataset("glyphs", root) is BUILDERS["glyphs"]


def test_without_a_folder_there_are_those_of_fewbench(tmp_path: Path) -> None:
    assert all_datasets(tmp_path / "nothing") == BUILDERS
    with pytest.raises(DataError, match="unknown dataset 'mine'"):
        find_dataset("mine", tmp_path / "nothing")


def test_a_wrong_name_gets_the_nearest_one(root: Path) -> None:
    with pytest.raises(DataError, match="Did you mean 'mine'"):
        find_dataset("mines", root)
    with pytest.raises(DataError, match="unknown dataset"):
        find_dataset("../root/mine", root)


def test_a_damaged_dataset_hides_no_other(root: Path) -> None:
    (root / "mine" / "manifest.json").write_text("{")
    assert added_datasets(root) == {}
    with pytest.raises(DataError, match=r"manifest\.json: cannot be read"):
        find_dataset("mine", root)
