"""Run the installed `fewbench` command as a user does."""

import os
import subprocess
import sys
from pathlib import Path

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
