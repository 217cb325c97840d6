import pytest

from fewbench.datasets.added.found import check_class_name, image_paths, split_named
from fewbench.datasets.info import DataError


def test_splits_have_several_names() -> None:
    assert split_named("Validation ") == "val"
    assert split_named("training") == "train"
    assert split_named("cats") == ""


def test_images_of_other_kinds_are_refused_with_their_number() -> None:
    assert image_paths("s", ["a/1.PNG", "b/2.jpeg", "notes.txt"]) == [
        "a/1.PNG",
        "b/2.jpeg",
    ]
    with pytest.raises(DataError, match=r"got 2 of other kinds, such as a/2\.webp"):
        image_paths("s", ["a/1.png", "a/2.webp", "a/3.tif"])
    with pytest.raises(DataError, match="found no image"):
        image_paths("s", ["notes.txt"])


@pytest.mark.parametrize("name", ["", "a\nb", "a" * 81])
def test_a_class_name_must_fit_on_a_line(name: str) -> None:
    assert check_class_name("s", "F/A-18 «é»") == "F/A-18 «é»"
    with pytest.raises(DataError, match="Rename it"):
        check_class_name("s", name)
