"""The script of the guard's page that compares two versions of the code in pairs."""

from pathlib import Path
from runpy import run_path

import pytest

from fewbench import save_result
from fewbench_tests.honest_results import build_honest
from fewbench_tests.paths import REPOSITORY

PAGE = (REPOSITORY / "docs" / "guard.md").read_text(encoding="utf-8")


def judged(folder: Path, base: list[float], head: list[float]) -> int:
    """Run the script on training runs with these accuracies, and return its exit code."""
    script = PAGE.partition("and this as `pairs.py` beside it:\n\n```\n")[2]
    (folder / "pairs.py").write_text(script.partition("```")[0], encoding="utf-8")
    for version, accuracies in {"base": base, "head": head}.items():
        for seed, accuracy in enumerate(accuracies):
            run = build_honest(accuracy, rng_seed=seed, train_seed=seed)
            save_result(run, folder / version / "runs")
    with pytest.raises(SystemExit) as ended:
        run_path("pairs.py")
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.parametrize(
    ("base", "head", "code"),
    [
        ([0.90, 0.80, 0.85], [0.87, 0.77, 0.81], 1),
        ([0.87, 0.77, 0.81], [0.90, 0.80, 0.85], 0),
        ([0.90, 0.80, 0.85], [0.90, 0.80, 0.85], 0),
    ],
)
def test_a_drop_of_all_seeds_is_seen_in_pairs(
    base, head, code, tmp_path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert judged(tmp_path, base, head) == code
