"""What the shell offers when Tab is pressed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fewbench.benchmark.cli import completion

HEAVY = """
import sys
from fewbench.benchmark.cli import app, completion
for names in (
    completion.datasets, completion.protocols, completion.recipes, completion.learners
):
    names("")
print([name for name in ("torch", "pandas", "matplotlib") if name in sys.modules])
"""


def test_names_begin_with_what_was_typed(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FEWBENCH_DATA", str(tmp_path))
    assert completion.datasets("omni") == ["omniglot", "omniglot-nearest"]
    assert completion.recipes("anil-omniglot") == [
        "anil-omniglot",
        "anil-omniglot-short",
    ]
    assert "omniglot-5w1s" in completion.protocols("omniglot-")


def test_a_folder_of_datasets_adds_those_that_are_built(
    monkeypatch, bars_root: Path
) -> None:
    monkeypatch.setenv("FEWBENCH_DATA", str(bars_root))
    assert completion.datasets("b") == ["bars"]


def test_training_runs_here_are_offered_as_learners(
    monkeypatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "runs" / "maml"
    run.mkdir(parents=True)
    (run / "last.safetensors").touch()
    assert completion.learners("") == ["centroid", "runs/maml"]
    assert completion.learners("ru") == ["runs/maml"]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("fewbench evaluate centroid --protocol glyphs-5", "glyphs-5w1s\nglyphs-5w5s"),
        ("fewbench data build miniimagenet-bo", "miniimagenet-box"),
    ],
)
def test_bash_is_answered(words: str, offered: str) -> None:
    typed = words.split()
    done = subprocess.run(
        [sys.executable, "-m", "fewbench"],
        env=os.environ
        | {
            "_FEWBENCH_COMPLETE": "complete_bash",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(typed) - 1),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == offered


def test_nothing_slow_is_imported() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HEAVY], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
