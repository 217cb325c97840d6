"""A clone of the project in a folder called `fewbench`, installed as CONTRIBUTING says."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .paths import REPOSITORY

_TRACKED = ("git", "ls-files", "-co", "--exclude-standard", "-z")
# Several commands in one process, which imports torch once; a form feed ends each answer.
_ONE_AFTER_ANOTHER = """
import json, sys
from fewbench.benchmark.cli.app import main
for words in json.loads(sys.argv[1]):
    sys.argv = ["fewbench", *words]
    try:
        main()
    except SystemExit as ended:
        if ended.code:
            raise
    print("\\f", end="", flush=True)
"""
_ROOMS = ("benchmark", "datasets", "baselines", "reports", "tests")


@dataclass(frozen=True)
class Clone:
    """A clone and a Python that has it installed.

    folder: of the clone; its parent is an ordinary working folder
    python: the interpreter of a virtual environment that also sees this one's packages
    """

    folder: Path
    python: Path

    def install(self, *, editable: bool) -> None:
        """Install the clone, without its dependencies: they are there."""
        how = ["-e"] if editable else []
        options = ["--no-deps", "--no-build-isolation", "--force-reinstall"]
        options += ["--no-compile", "--quiet"]
        self.run(
            "-m", "pip", "install", *options, *how, str(self.folder), into=self.python
        )

    def run(self, *arguments: str, into: Path | None = None, code: int = 0) -> str:
        """Run Python in the folder around the clone; what it printed.

        into: the environment that pip installs into
        """
        home = str(self.folder.parent / "home")
        python = str(into or self.python)
        done = subprocess.run(
            [python, *arguments],
            cwd=self.folder.parent,
            env=os.environ | {"FEWBENCH_DATA": home, "PYTHONPATH": ""},
            capture_output=True,
            text=True,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout

    def fewbench(self, *arguments: str, code: int = 0) -> str:
        """Run a `fewbench` command in the folder around the clone."""
        return self.run("-m", "fewbench", *arguments, code=code)

    def each_of(self, commands: Sequence[Sequence[str]]) -> list[str]:
        """Run `fewbench` commands one after another in one process; what each printed."""
        listed = json.dumps([list(words) for words in commands])
        answers = self.run("-c", _ONE_AFTER_ANOTHER, listed).split("\f")
        assert len(answers) == len(commands) + 1, answers
        return answers[:-1]


def make_clone(around: Path) -> Clone:
    """Copy the project as it is now into `around/fewbench`, and make an environment."""
    folder = around / "fewbench"
    for path in _project_files():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / path, target)
    environment = around / "environment"
    venv.create(environment, with_pip=False)
    packages = next(environment.glob("lib/python*/site-packages"), None)
    assert packages is not None
    # Of this environment's packages all are seen but fewbench, which would be another copy.
    shared = around / "shared"
    shared.mkdir()
    for package in Path(sysconfig.get_paths()["purelib"]).iterdir():
        if "fewbench" not in package.name:
            (shared / package.name).symlink_to(package)
    (packages / "shared.pth").write_text(f"{shared}\n")
    return Clone(folder, environment / "bin" / Path(sys.executable).name)


def _project_files() -> list[Path]:
    """What git tracks or would track; without git, everything in the rooms and at the top."""
    listed = subprocess.run(_TRACKED, cwd=REPOSITORY, capture_output=True)
    if listed.returncode == 0:
        names = listed.stdout.decode().split("\0")
        paths = [Path(name) for name in names if name]
    else:
        paths = [p for room in _ROOMS for p in (REPOSITORY / room).rglob("*")]
        paths += list(REPOSITORY.iterdir())
        paths = [path.relative_to(REPOSITORY) for path in paths]
    return [path for path in paths if (REPOSITORY / path).is_file()]
