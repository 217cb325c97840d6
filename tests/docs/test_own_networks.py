"""The story of docs/own_networks.md: from own pictures to a paper."""

import shlex
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image

from fewbench.reports.result_files import load_results
from fewbench_tests.commands import call_fewbench
from fewbench_tests.latex import bibtex, pdflatex
from fewbench_tests.own_images import own_image
from fewbench_tests.paths import REPOSITORY

from .test_docs import code_blocks, commands

pytestmark = pytest.mark.skipif(
    find_spec("torchvision") is None, reason="torchvision is not installed"
)
# As few as give five test classes.
CLASSES = [f"leaf-{number:02d}" for number in range(28)]
PAGE = REPOSITORY / "docs" / "own_networks.md"
# A page says what a user wants; a test has less time.
SHORTER = {"1000": "2", "steps=100": "steps=1"}
BRIEF = ["--set", "val_episodes=5", "--set", "width=4"]


@pytest.mark.usefixtures("quick_fonts")
def test_the_page_works_as_it_is_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_photos(tmp_path / "photos")
    source, *_ = code_blocks(PAGE, "py")
    (tmp_path / "my_models.py").write_text(source)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "my_models", raising=False)
    said = {}
    for words in commands(PAGE):
        typed = [SHORTER.get(word, word) for word in words]
        if words[0] == "train":
            typed += BRIEF
        said[shlex.join(words)] = call_fewbench(tmp_path, tmp_path / "data", *typed)
    results = load_results([tmp_path / "results"])
    assert [(result.learner, result.train_seed) for result in results] == [
        ("mobilenet", 0),
        ("nearest", 0),
        ("protonet", 0),
        ("protonet", 1),
        ("protonet", 2),
    ]
    mobilenet, nearest, *ours = results
    assert mobilenet.preparation is not None
    assert mobilenet.preparation.size == 224
    assert nearest.mean > 0.3  # chance is 0.2
    assert {result.backbone for result in ours} == {"my_models:small-4"}
    compared = said["compare results"].stdout
    assert "\n1  mobilenet" in compared
    assert "4 - 5" in compared
    report = tmp_path / "report"
    assert (report / "learning_curve_seed0.pdf").exists()
    check_paper(report)


def write_photos(folder: Path) -> None:
    """16 photos of each class, which look a little like each other."""
    for name in CLASSES:
        (folder / name).mkdir(parents=True)
        usual = own_image(name, 0)
        for number in range(1, 17):
            photo = Image.blend(usual, own_image(name, number), 0.4)
            photo.save(folder / name / f"{number}.jpg")


def check_paper(report: Path) -> None:
    """The example paper has a table and the figure, and compiles without a fault."""
    pdflatex(report)
    bibtex(report)
    pdflatex(report)
    log = pdflatex(report)
    assert "accuracy.pdf" in log
    assert "table_my-leaves" in log
    for fault in ("Overfull", "undefined", "Float too large"):
        assert fault not in log
