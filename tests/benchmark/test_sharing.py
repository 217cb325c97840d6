"""Processes that do the same work share a folder, and no other ones."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fewbench.benchmark.sharing import IN_USE, is_worked_in, working_in
from fewbench.locks import Busy


def test_the_same_work_goes_on_side_by_side_and_other_work_is_refused(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "new" / "work"
    with working_in(folder, "a", "another grid"):
        with working_in(folder, "a", "another grid"):
            assert is_worked_in(folder)
            refused = pytest.raises(Busy, match=f"is doing another grid in {folder}")
            with refused as caught, working_in(folder, "b", "another grid"):
                pass
            assert f"process {os.getpid()} on " in str(caught.value)
        assert is_worked_in(folder)
    assert not is_worked_in(folder)
    with working_in(folder, "b", "another grid"):
        pass
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("work", ["a", "b"])
def test_a_process_that_was_killed_leaves_nothing_behind(
    tmp_path: Path, work: str
) -> None:
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from fewbench.benchmark.sharing import working_in\n"
        "with working_in(Path(sys.argv[1]), 'a', 'another grid'):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    assert subprocess.run(command, timeout=60).returncode == -9
    assert len(list((tmp_path / IN_USE).iterdir())) == 1
    with working_in(tmp_path, work, "another grid"):
        assert is_worked_in(tmp_path)
    assert list(tmp_path.iterdir()) == []
