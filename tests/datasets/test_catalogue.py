import shutil
from pathlib import Path

import pytest

from fewbench.datasets import BUILDERS
from fewbench.datasets.added.add import OwnImages, add
from fewbench.datasets.catalogue import (
    added_datasets,
    all_datasets,
    dataset_of_fewbench,
    find_dataset,
)
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


def test_datasets_of_fewbench_have_other_sizes(root: Path) -> None:
    large = find_dataset("omniglot@105", root)
    assert (large.name, large.image_shape) == ("omniglot@105", (105, 105, 1))
    assert find_dataset("miniimagenet-lanczos@96", root).resampling == "lanczos"
    with pytest.raises(DataError, match="usual size. Its name is omniglot$"):
        find_dataset("omniglot@28", root)
    with pytest.raises(DataError, match="cannot be built at 56 x 56"):
        find_dataset("glyphs@56", root)
    with pytest.raises(DataError, match="unknown dataset 'mine@56'.*'mine'"):
        find_dataset("mine@56", root)


def test_only_sizes_that_are_built_are_listed(root: Path) -> None:
    for name in ("omniglot@105", "glyphs@56", "omniglot@64.partial", "other@9"):
        (root / name).mkdir()
        shutil.copy(root / "mine" / "manifest.json", root / name)
    (root / "omniglot@96").mkdir()
    assert list(all_datasets(root)) == [
        *BUILDERS,
        "omniglot@105",
        "glyphs@56",
        "mine",
        "other@9",
    ]
    assert not all_datasets(root)["omniglot@105"].added


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("glyphs", True),
        ("omniglot@105", True),
        ("omniglot@28", False),
        ("omniglot@106", False),
        ("glyphs@56", False),
        ("mine", False),
    ],
)
def test_fewbench_knows_its_own_datasets(name: str, known: bool) -> None:
    found = dataset_of_fewbench(name)
    assert (found is not None) == known
    assert found is None or found.name == name


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
