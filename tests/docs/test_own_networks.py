"""The story of docs/own_networks.md: from a network of torchvision to a table in a paper."""

import shlex
import sys
from pathlib import Path

import pytest

from fewbench.reports.result_files import load_results
from fewbench_tests.commands import call_fewbench
from fewbench_tests.paths import REPOSITORY

from .test_docs import code_blocks, commands

pytest.importorskip("torchvision", reason="torchvision is not installed")
PAGE = REPOSITORY / "docs" / "own_networks.md"
# A page says what a user wants; a test has less time.
SHORTER = {"1000": "2", "steps=100": "steps=1"}
BRIEF = ["--set", "val_episodes=5", "--set", "width=4"]


@pytest.mark.usefixtures("unrendered")
def test_the_page_works_as_it_is_typed(
    tmp_path: Path, glyphs_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, *_ = code_blocks(PAGE, "py")
    (tmp_path / "my_models.py").write_text(source)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "my_models", raising=False)
    said = {}
    for words in commands(PAGE):
        typed = [SHORTER.get(word, word) for word in words]
        if words[0] == "train":
            typed += BRIEF
        said[shlex.join(words)] = call_fewbench(tmp_path, glyphs_root, *typed)
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
    report = {path.name for path in (tmp_path / "report").iterdir()}
    assert {"results.tex", "accuracy.pdf", "learning_curve_seed0.pdf"} <= report
