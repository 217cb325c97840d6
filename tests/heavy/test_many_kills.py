"""Builds that are killed at many more random moments than the usual tests try."""

import os
import subprocess
import sys

from fewbench_tests.paths import REPOSITORY

N_KILLS = 40


def test_builds_survive_many_kills() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [
            *command,
            "tests/datasets/test_crashes.py",
            "-k",
            "killed or damage_in_the_frame",
        ],
        cwd=REPOSITORY,
        env=os.environ | {"FEWBENCH_TEST_KILLS": str(N_KILLS)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
