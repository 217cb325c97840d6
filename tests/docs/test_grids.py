"""The page about grids shows what `fewbench grid` really prints."""

import re
from functools import partial
from pathlib import Path

import pytest

from fewbench.baselines.training_cost import TrainingCost
from fewbench.benchmark.cli import grid
from fewbench.benchmark.cluster import grid_estimate
from fewbench_tests.commands import call_fewbench
from fewbench_tests.paths import REPOSITORY
from fewbench_tests.small_grids import WorksHere

PAGE = (REPOSITORY / "docs" / "grids.md").read_text(encoding="utf-8")
# A tiny network and a step, in place of those of the page.
FEWER = 'steps = 1, way = 5, val_episodes = 2, backbone = "conv4-strided", width = 4'


def shown(name: str) -> list[str]:
    """The lines of an output on the page."""
    found = re.search(rf"<!-- {name} -->\n```\n(.*?)```", PAGE, re.DOTALL)
    assert found
    return found[1].splitlines()


def without_measured(lines: list[str]) -> list[str]:
    """The words of lines, without what is measured anew each time."""
    text = "\n".join(lines)
    text = re.sub(r"fingerprint [0-9a-f]{64}", "fingerprint", text)
    text = re.sub(r"[\d.]+ (s|min|h|GB)\b", "TIME", text)
    return [" ".join(line.split()) for line in text.splitlines()]


def test_the_first_grid_runs_as_shown(
    tmp_path: Path, glyphs_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def executor(opened, workers, ray) -> WorksHere:
        return WorksHere(opened.plan.place)

    cost = TrainingCost(0.1, 1.0, 10**9)
    monkeypatch.setattr(grid_estimate, "measure_cost", lambda *_: cost)
    monkeypatch.setattr(grid, "_executor", executor)
    [example] = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert len(example.splitlines()) <= 10
    quick = example.replace("steps = 100, width = 16", FEWER)
    assert quick != example
    (tmp_path / "grid.toml").write_text(quick)
    call = partial(call_fewbench, tmp_path, glyphs_root, "grid")
    words = ("run", "grid.toml", "--out", "work")
    outputs = {
        "dry-run": call(*words, "--workers", "2", "--dry-run").stdout,
        "run": call(*words).stdout,
        "status": call("status", "work").stdout,
    }
    for name, output in outputs.items():
        printed = without_measured(output.splitlines())
        assert printed == without_measured(shown(name))


def test_all_keys_are_on_the_page() -> None:
    from fewbench.benchmark.cluster.grid_file import Grid, Part

    for kind in (Grid, Part):
        for key in kind.__dataclass_fields__:
            assert f"`{key}`" in PAGE or f"[[{key}]]" in PAGE
