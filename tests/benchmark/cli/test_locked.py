"""Each command that writes says which process is writing the same, and touches nothing."""

import os
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from fewbench.benchmark.sharing import working_in
from fewbench.locks import exclusive
from fewbench_tests.writers import EVALUATE, WRITERS

# Name of a writer -> the lock that another process holds.
LOCKS = {
    "data add": "data/.mine.lock",
    "data convert": ".out.lock",
    "protocol export": ".e.npz.lock",
    "train": "run/.lock",
    "evaluate": "out/.glyphs-5w1s-40ep__centroid__seed0.lock",
    "report": ".out.lock",
    "submission init": ".submission.toml.lock",
    "submission pack": ".m.fewbench.zip.lock",
    "submission check --board": "board/.board.lock",
    "leaderboard init": "board/.lock",
    "leaderboard add": "board/.board.lock",
    "leaderboard withdraw": "board/.board.lock",
    "leaderboard verify --update": "board/.board.lock",
    "leaderboard build": ".site.lock",
}
BY_NAME = {writer.name: writer for writer in WRITERS}
Run = Callable[..., CompletedProcess[str]]


@pytest.mark.parametrize("name", LOCKS)
def test_a_command_says_who_is_writing(
    run: Run, tmp_path: Path, glyphs_root: Path, name: str
) -> None:
    writer = BY_NAME[name]
    writer.prepare(tmp_path, glyphs_root)
    lock = tmp_path / LOCKS[name]
    lock.parent.mkdir(parents=True, exist_ok=True)
    with exclusive(lock, "testing"):
        before = contents(tmp_path)
        options = ("--root", "data") if writer.own_data else ()
        said = run(*writer.arguments, *options, code=2).stderr
        assert contents(tmp_path) == before
    [line] = [line for line in said.splitlines() if line.startswith("error: ")]
    assert line.startswith("error: another process is ")
    assert f"(process {os.getpid()} on " in line
    assert line.endswith("then type the same command again.")


@pytest.mark.parametrize(
    ("name", "folder", "what"),
    [("grid run", "work", "another grid"), ("embed --out", "out", "another embedding")],
)
def test_other_work_in_a_folder_is_refused(
    run: Run, tmp_path: Path, glyphs_root: Path, name: str, folder: str, what: str
) -> None:
    writer = BY_NAME[name]
    writer.prepare(tmp_path, glyphs_root)
    with working_in(tmp_path / folder, "other", "what this test does"):
        before = contents(tmp_path)
        said = run(*writer.arguments, code=2).stderr
        assert contents(tmp_path) == before
    assert f"another process is doing {what} in " in said
    assert f"(process {os.getpid()} on " in said


def test_an_evaluation_that_was_stopped_says_how_to_go_on(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fewbench.benchmark import evaluate_into

    def stopped(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(evaluate_into, "run", stopped)
        said = run(*EVALUATE, code=130).stderr
    command = " ".join(EVALUATE)
    assert said.endswith(f"To go on, type: fewbench {command} --skip-existing\n")


def contents(folder: Path) -> dict[str, bytes]:
    """The files below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in files}
