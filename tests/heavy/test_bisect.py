"""The recipe for git bisect of the guard's page, in a real repository."""

import os
import subprocess
from pathlib import Path

import pytest

from fewbench_tests.paths import REPOSITORY

PAGE = (REPOSITORY / "docs" / "guard.md").read_text(encoding="utf-8")
GOOD = "from torch.nn import Flatten\n\n\ndef make():\n    return Flatten()\n"
BROKEN = (
    "from torch.nn import AvgPool2d, Flatten, Sequential\n\n\ndef make():\n"
    "    return Sequential(AvgPool2d(7), Flatten())\n"
)
# The fifth costs accuracy. The sixth cannot be imported, so git has to skip it.
COMMITS = [GOOD, f"{GOOD}# a\n", f"{GOOD}# b\n", f"{GOOD}# c\n"]
COMMITS += [BROKEN, "import nothing_like_this\n", f"{BROKEN}# d\n"]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    page = PAGE.partition("## git bisect")[2]
    script = page.partition("```sh\n")[2].partition("```")[0]
    (tmp_path / "bisect.sh").write_text(script, encoding="utf-8")
    return folder


def test_bisect_finds_the_commit(repository: Path, glyphs_root: Path) -> None:
    environment = os.environ | {"FEWBENCH_DATA": str(glyphs_root)}
    for name in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{name}_NAME": "a", f"GIT_{name}_EMAIL": "a@example.org"}

    def run(command: str) -> str:
        words = command.split()
        done = subprocess.run(
            words, cwd=repository, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("git init -q")
    commits = []
    for text in COMMITS:
        (repository / "model.py").write_text(text, encoding="utf-8")
        run("git add model.py")
        run("git commit -q -m change")
        commits.append(run("git rev-parse HEAD").strip())
    run(f"git checkout -q {commits[0]}")
    evaluate = "fewbench evaluate model:make --protocol glyphs-5w1s --split val"
    run(f"{evaluate} --episodes 600 --out new")
    run("fewbench regress new --reference ../reference --save --name protonet")
    run("git checkout -q -")
    run(f"git bisect start {commits[-1]} {commits[0]}")
    printed = run("git bisect run sh ../bisect.sh")
    assert f"{commits[4]} is the first bad commit" in printed
    skipped = f"[{commits[5]}] change"
    assert skipped in printed
