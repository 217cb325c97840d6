import pytest

from fewbench.datasets.added.folders import are_in_split_folders, classes_in_folders
from fewbench.datasets.added.found import FoundClass
from fewbench.datasets.info import DataError

PLAIN = ["cat/1.png", "cat/2.png", "dog/1.png"]
SPLIT = ["train/cat/1.png", "val/dog/1.png", "test/owl/1.png"]


def found(paths: list[str], *, in_splits: bool = False) -> list[FoundClass]:
    return classes_in_folders("s", paths, in_splits=in_splits)


def test_each_folder_is_a_class() -> None:
    cat, dog = found(PLAIN)
    assert cat == FoundClass("cat", {"1.png": "cat/1.png", "2.png": "cat/2.png"})
    assert dog == FoundClass("dog", {"1.png": "dog/1.png"})


def test_folders_that_all_images_share_are_passed_over() -> None:
    inner = [f"data/v1/{path}" for path in PLAIN]
    assert [one.name for one in found(inner)] == ["cat", "dog"]
    assert [one.name for one in found(["data/cat/1.png"])] == ["cat"]
    deep = ["cat/old/1.png", "cat/new/1.png", "dog/1.png"]
    assert list(found(deep)[0].images) == ["old/1.png", "new/1.png"]


@pytest.mark.parametrize("before", ["", "data/"])
def test_folders_may_say_the_splits(before: str) -> None:
    paths = [before + path for path in SPLIT]
    assert are_in_split_folders(paths)
    by_name = {one.name: one.split for one in found(paths, in_splits=True)}
    assert by_name == {"cat": "train", "dog": "val", "owl": "test"}
    assert not are_in_split_folders(PLAIN)


def test_a_class_of_two_splits_is_refused_but_can_be_joined() -> None:
    paths = ["train/cat/1.png", "test/cat/1.png", "test/dog/1.png"]
    with pytest.raises(DataError, match=r"class cat.*in train and test.*by ratio"):
        found(paths, in_splits=True)
    cat, dog = found(paths)
    assert list(cat.images) == ["train/1.png", "test/1.png"]
    assert (cat.split, dog.split) == ("", "")


def test_an_image_without_a_class_folder_is_named() -> None:
    with pytest.raises(DataError, match=r"image 1\.png: expected it in the folder"):
        found(["1.png", "cat/2.png"])
    with pytest.raises(DataError, match="got other folders"):
        found(PLAIN, in_splits=True)
