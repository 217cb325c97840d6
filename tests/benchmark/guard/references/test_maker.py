import subprocess
from pathlib import Path

import pytest

from fewbench.benchmark.guard.references.maker import Maker


def git(folder: Path, *words: str) -> str:
    named = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    done = subprocess.run(
        ["git", *named, *words], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "config", "user.name", "Ada")
    (tmp_path / "model.py").write_text("1\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "one")
    return tmp_path


def test_the_commit_and_the_name_are_those_of_git(repository: Path) -> None:
    commit = git(repository, "rev-parse", "--short", "HEAD")

    assert Maker.here(repository / "not" / "there") == Maker("Ada", commit)
    (repository / "new.txt").write_text("an untracked file is no change\n")
    assert Maker.here(repository).made_from == commit
    (repository / "model.py").write_text("2\n")
    assert Maker.here(repository).made_from == f"{commit}+changes"


def test_outside_git_nothing_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Maker.here(tmp_path).made_from == ""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Maker.here(tmp_path) == Maker("", "")
