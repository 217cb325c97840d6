"""The example in docs/data.md that builds another size works as it stands."""

import shlex
from pathlib import Path

import pytest

from fewbench.datasets.miniimagenet import ravi_split
from fewbench_tests import imagenet_archives as world
from fewbench_tests.commands import call_fewbench
from fewbench_tests.paths import REPOSITORY

# A page says what a user wants; a test has less time.
SHORTER = {"200": "5"}
PER_CLASS = 16  # as few as 1 support and 15 query images need


def example() -> list[list[str]]:
    """The words of each line."""
    page = (REPOSITORY / "docs" / "data.md").read_text(encoding="utf-8")
    section = page.partition("\n## Other sizes\n")[2]
    block = section.partition("```sh\n")[2].partition("```")[0]
    return [shlex.split(line) for line in block.splitlines()]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with five test classes of ILSVRC2012."""
    for wnid in ravi_split().wnids_of("test")[:5]:
        folder = tmp_path / "ILSVRC2012" / "train" / wnid
        folder.mkdir(parents=True)
        for k in range(PER_CLASS):
            (folder / f"{wnid}_{k}.JPEG").write_bytes(world.jpeg(wnid, k, side=240))
    return tmp_path


def test_the_example_works_as_it_stands(home: Path) -> None:
    said = ""
    for fewbench, *words in example():
        assert fewbench == "fewbench"
        if words[1] == "build":
            words.append("--allow-missing")  # there are only a few classes here
        if words[0] != "train":  # there is nothing to train on
            typed = [SHORTER.get(word, word) for word in words]
            said += call_fewbench(home, home / "data", *typed).stdout
    assert "miniimagenet@224: built, PARTIAL" in said
    assert "made from 80 image files of 240 x 240 pixels" in said
    assert (home / "large.png").exists()
    (document,) = (home / "results").glob("*.json")
    assert document.name == (
        "miniimagenet-5w1s-on-miniimagenet@224-5ep__centroid__seed0.json"
    )
    listed = call_fewbench(home, home / "data", "data", "list").stdout
    assert "miniImageNet, 224 px" in listed
    assert "miniImageNet, 84 px" in listed
