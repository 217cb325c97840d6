import json
from pathlib import Path

import pytest

from fewbench.datasets.added.add import OwnImages, add
from fewbench.datasets.added.record import read_added, shapes_for
from fewbench.datasets.build import build
from fewbench.datasets.info import DataError, SplitCounts
from fewbench_tests.own_images import write_classes


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    write_classes(
        source, {"train/cat": 2, "train/cow": 3, "test/dog": 2, "test/owl": 2}
    )
    return add("mine", OwnImages(source, size=16, grey=True), tmp_path / "root").folder


def test_a_dataset_is_described_by_its_manifest(mine: Path) -> None:
    info = read_added(mine)
    assert info is not None
    assert info.name == "mine"
    assert info.image_shape == (16, 16, 1)
    assert info.polarity == "grey"
    assert info.splits == {"train": SplitCounts(2, 5), "test": SplitCounts(2, 4)}
    assert info.added
    assert not info.embedded
    assert info.protocols.shapes == ((2, 1), (2, 5))


def test_other_builds_and_folders_are_no_added_datasets(
    bars_root: Path, tmp_path: Path
) -> None:
    assert read_added(bars_root / "bars") is None
    assert read_added(tmp_path / "nothing") is None


def test_a_damaged_record_names_the_command(mine: Path) -> None:
    path = mine / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["added"] = {"title": 3}
    path.write_text(json.dumps(manifest))
    with pytest.raises(DataError, match="fewbench data add mine FOLDER --rebuild"):
        read_added(mine)


def test_it_cannot_be_built_like_a_published_dataset(mine: Path) -> None:
    info = read_added(mine)
    assert info is not None
    with pytest.raises(DataError, match="fewbench data add mine FOLDER --rebuild"):
        build(info, mine.parent, rebuild=True)


def test_five_test_classes_have_the_usual_protocols() -> None:
    assert shapes_for({"test": SplitCounts(5, 50)})[0] == (5, 1)
    assert shapes_for({"test": SplitCounts(4, 50)}) == ((4, 1), (4, 5))
