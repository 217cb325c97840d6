"""Images are recognised by the names of their files and folders."""

import shlex
from pathlib import Path

from PIL import Image

from fewbench.datasets.identity import Identity
from fewbench.datasets.inspection.identify import identify
from fewbench_tests import imagenet_archives as world


def only(found: dict[str, Identity]) -> Identity:
    (one,) = found.values()
    return one


def test_characters_of_omniglot_are_counted(folder: Path) -> None:
    for letter in ("character01", "character02"):
        path = folder / "Greek" / letter
        path.mkdir(parents=True)
        Image.new("1", (105, 105)).save(path / "0001_01.png")
    found = only(identify(folder))
    assert found.what == "2 characters of Omniglot"
    assert (found.dataset, found.shape) == ("omniglot", "105 x 105")
    assert found.advice.startswith("build it from whole sets of 964 or 659 characters")


def test_images_under_strange_names_are_something_else(folder: Path) -> None:
    Image.new("RGB", (4, 4)).save(folder / "cat.png")
    advice = f"fewbench data add my-images {shlex.quote(str(folder))}"
    assert only(identify(folder)) == Identity(
        "1 image of something else",
        shape="4 x 4",
        advice=f"if they are your own images, in a folder for each class: {advice}",
    )


def test_a_few_classes_of_imagenet_are_advised_as_partial(folder: Path) -> None:
    world.write_class_folders(folder, list(world.REN.classes))
    found = only(identify(folder))
    assert found.dataset == "tieredimagenet"
    assert found.advice.endswith("--allow-missing")
