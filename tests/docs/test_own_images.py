"""The example in docs/data.md that makes a dataset of own images works as it stands."""

import shlex
from pathlib import Path

from fewbench_tests.commands import call_fewbench
from fewbench_tests.own_images import write_classes
from fewbench_tests.paths import REPOSITORY

# As few as give five test classes.
CLASSES = [f"leaf-{number:02d}" for number in range(28)]


def section(title: str) -> str:
    page = (REPOSITORY / "docs" / "data.md").read_text(encoding="utf-8")
    return page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_the_example_works_as_it_stands(tmp_path: Path) -> None:
    write_classes(tmp_path / "photos", dict.fromkeys(CLASSES, 16), suffix="jpg")
    block = section("Your own images").partition("```sh\n")[2].partition("```")[0]
    lines = [shlex.split(line, comments=True) for line in block.splitlines()]
    said = ""
    for fewbench, *words in lines:
        assert fewbench == "fewbench"
        if words[0] != "train":  # it takes minutes; its words are checked elsewhere
            said += call_fewbench(tmp_path, tmp_path / "data", *words).stdout
    assert "my-leaves-5w1s" in said
    assert "my-leaves@28-5w1s" in said
    assert "own images: my-leaves is a dataset that a user made" in said
    assert (tmp_path / "leaves.png").exists()
