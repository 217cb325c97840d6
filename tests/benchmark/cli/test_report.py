from pathlib import Path

import pytest

from fewbench.reports.result_files import save_result
from fewbench_tests.honest_results import build_honest


@pytest.mark.usefixtures("unrendered")
def test_copies_are_told_on_stderr(run, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        save_result(build_honest(0.9, 1), tmp_path / folder)
    done = run("report", "a", "b", "--out", "page")
    assert "1 of the 2 results are copies of others" in done.stderr
    assert done.stdout.startswith("wrote page/index.html and ")
    assert done.stdout.count("\n") == 1
    assert "copies" not in done.stdout
