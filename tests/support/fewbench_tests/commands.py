"""Run the `fewbench` command as a user does: in a process of its own, or quicker, in this one."""

import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

FEWBENCH = Path(sys.executable).with_name("fewbench")


def run_fewbench(
    folder: Path, data: Path, *arguments: str, code: int = 0
) -> subprocess.CompletedProcess[str]:
    """The finished process; `code` is what it must answer, and a traceback is never right.

    folder: where it runs; data: where its datasets are
    """
    done = subprocess.run(
        [FEWBENCH, *arguments],
        cwd=folder,
        env=os.environ | {"FEWBENCH_DATA": str(data), "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == code, f"{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done


def call_fewbench(
    folder: Path, data: Path, *arguments: str, code: int = 0
) -> subprocess.CompletedProcess[str]:
    """As `run_fewbench`, in this process: it saves the seconds that importing torch takes."""
    from fewbench.benchmark.cli.app import main

    out = StringIO()
    err = StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        patch.chdir(folder)
        patch.setenv("FEWBENCH_DATA", str(data))
        patch.setenv("COLUMNS", "120")
        patch.setattr(sys, "argv", ["fewbench", *arguments])
        patch.setattr(sys, "excepthook", sys.excepthook)  # Typer replaces it
        with pytest.raises(SystemExit) as ended:
            main()
    got = ended.value.code or 0
    assert got == code, f"{out.getvalue()}\n{err.getvalue()}"
    return subprocess.CompletedProcess(
        ["fewbench", *arguments], code, out.getvalue(), err.getvalue()
    )
