"""Run pytest with the guard on small test files, in this process or in one of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib.metadata import entry_points
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

PLUGIN = "fewbench.benchmark.guard.pytest_plugin.plugin"
INI = "[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n"
# What an inner run does not need, or would share with the run that starts it.
_QUIET = ("-q", "-p", "no:cacheprovider", "-p", "no:faulthandler")
_ALONE = ("-p", "no:xdist", "--capture=no")
# These collect all garbage of the process that runs the tests, several times.
_COLLECTORS = ("-p", "no:unraisableexception", "-p", "no:threadexception")


@dataclass(frozen=True)
class Ran:
    """What a run of pytest printed, and its summary of all checks, if it wrote one."""

    code: int
    text: str
    summary: dict[str, Any]

    @classmethod
    def of(cls, code: int, text: str, folder: Path) -> "Ran":
        """Return a run that has ended, with the summary in the folder `report`."""
        return cls(code, text, _summary(folder / "report"))

    def check(self, test: str) -> dict[str, Any]:
        """Return the only check of a test, whose id ends like this."""
        [found] = [one for one in self.summary["checks"] if one["test"].endswith(test)]
        return found


def plugin_options() -> list[str]:
    """Return the options that load the plugin where no installed package names it."""
    if entry_points(group="pytest11", name="fewbench"):
        return []
    return ["-p", PLUGIN]


def write_tests(folder: Path, **files: str) -> Path:
    """Write test files, name -> text, and a pytest.ini that makes warnings errors."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pytest.ini").write_text(INI)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def run_guarded(
    folder: Path,
    *options: str,
    report: bool = True,
    environment: Mapping[str, str] | None = None,
    workers: int = 0,
) -> Ran:
    """Run pytest in a folder, in this process: that saves the seconds of importing torch.

    report: whether to read the summary of the checks
    environment: variables of the environment, such as the folder with the data
    workers: how many processes of pytest-xdist run the tests; 0 for none but this one
    """
    place = folder / "report"
    if report:
        options = (*options, f"--accuracy-report={place}")
    command = [
        *plugin_options(),
        *_QUIET,
        *(("-n", str(workers)) if workers else _ALONE),
        "-p",
        "no:benchmark",
        *_COLLECTORS,
        "--import-mode=importlib",
    ]
    out = StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        redirect_stdout(out),
        redirect_stderr(out),
    ):
        patch.chdir(folder)
        for name, value in {"COLUMNS": "300", **(environment or {})}.items():
            patch.setenv(name, value)
        code = int(pytest.main([*command, *options]))
    _forget_modules(folder)
    return Ran(code, out.getvalue(), _summary(place) if report else {})


def start_guarded(
    folder: Path, *options: str, data: Path | None = None
) -> "subprocess.Popen[str]":
    """Start pytest in a folder, in a process of its own."""
    environment = os.environ | {"COLUMNS": "300", "OMP_NUM_THREADS": "1"}
    # Whoever runs the tests with pytest-xdist sets these.
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT"):
        environment.pop(name, None)
    if data is not None:
        environment["FEWBENCH_DATA"] = str(data)
    command = [sys.executable, "-m", "pytest", *plugin_options(), *_QUIET]
    return subprocess.Popen(
        [*command, *_COLLECTORS, *options],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _forget_modules(folder: Path) -> None:
    """Forget the test files of a run, so that the next run reads them again."""
    start = f"{folder}{os.sep}"
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and file.startswith(start):
            del sys.modules[name]


def _summary(folder: Path) -> dict[str, Any]:
    path = folder / "summary.json"
    if not path.exists():
        return {}
    return json.loads(path.read_text())
