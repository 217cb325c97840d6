import json
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


@pytest.mark.usefixtures("unrendered")
def test_damaged_files_are_named_and_left_out(run, tmp_path: Path) -> None:
    good = save_result(build_honest(0.9, 1), tmp_path / "results")
    bad = save_result(build_honest(0.8, 2, train_seed=1), tmp_path / "results")
    bad.write_bytes(bad.read_bytes()[:-100])
    (tmp_path / "results" / "train.json").write_text("[")
    done = run("report", "results", "--out", "page", "--json", code=1)
    document = json.loads(done.stdout)
    left_out = [f"results/{bad.name}", "results/train.json"]
    assert document["left_out"] == sorted(left_out)
    for name in left_out:
        assert f"left out: {name}: " in done.stderr
    rows = (tmp_path / "page" / "results.csv").read_text().splitlines()
    assert len(rows) == 2
    good.unlink()
    done = run("report", "results", "--out", "other", code=2)
    assert bad.name in done.stderr
    assert not (tmp_path / "other").exists()
