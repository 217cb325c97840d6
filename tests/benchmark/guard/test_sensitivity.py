"""The measurement in tests/heavy/sensitivity works, on a small scale."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

from fewbench.baselines.recipe_files import load_recipe
from fewbench.baselines.training import TrainBudget, Trainer
from fewbench.benchmark.train import train_views
from fewbench_tests.paths import REPOSITORY

SMALL = ("width=2", "way=5", "steps=1")


@pytest.fixture(scope="module")
def scripts() -> Iterator[SimpleNamespace]:
    """The modules of the measurement, by name."""
    folder = REPOSITORY / "tests" / "heavy" / "sensitivity"
    names = [path.stem for path in folder.glob("[!_]*.py")]
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(folder)
        yield SimpleNamespace(**{name: import_module(name) for name in names})
        for name in names:
            del sys.modules[name]


def test_a_stopped_measurement_goes_on_where_it_stopped(scripts, tmp_path: Path):
    path = tmp_path / "outcomes.jsonl"
    ran = []

    def run(name: str) -> dict[str, int]:
        ran.append(name)
        return {"length": len(name)}

    scripts.measured_units.measure(path, [("a",), ("bb",)], run)
    # A process that was killed while it wrote a line.
    path.write_text(path.read_text()[:-5])
    scripts.measured_units.measure(path, [("a",), ("bb",), ("ccc",)], run)

    assert ran == ["a", "bb", "bb", "ccc"]
    outcomes = scripts.measured_units.read_outcomes(path)
    assert [outcome["length"] for outcome in outcomes] == [1, 2, 3]


def test_evaluation_defects_are_judged(scripts, glyphs_root: Path, tmp_path: Path):
    config = load_recipe("protonet-glyphs", [*SMALL, "val_episodes=1"])
    views = train_views(config, glyphs_root)
    budget = TrainBudget(device="cpu")
    checkpoint = Trainer(config, views, tmp_path / "run", budget).run()
    measured = scripts.evaluations.Evaluations(
        tmp_path / "evaluations",
        glyphs_root,
        {"glyphs": checkpoint},
        tmp_path,
        n_seeds=1,
        episodes=4,
    )
    units = [("glyphs", one) for one in ("none", "plain-distance", "swapped")]
    units += [("glyphs", one) for one in ("leak", "other-seed")]
    scripts.measured_units.measure(tmp_path / "evaluations.jsonl", units, measured.run)

    table = scripts.sensitivity_tables.evaluation_table(tmp_path, {"glyphs": "glyphs"})

    rows = [row.split(" | ") for row in table.splitlines() if row[:1] == "|"]
    by_words = {row[0].removeprefix("| "): row for row in rows}
    assert by_words["none: evaluated again"][4] == "0 of 1"
    assert by_words["plain instead of squared distance"][3] == "0.00 %"
    assert by_words["two classes swapped in the answers"][4] == "1 of 1"
    assert by_words["other episodes: another seed"][4] == "0 of 1 (1 refused)"
    assert "no prediction changed: 2. 0 of them red" in table
    assert by_words["support images among the queries, unnoticed"][3] != "0.00 %"


def test_training_defects_change_the_training(
    scripts, glyphs_root: Path, tmp_path: Path
):
    small = scripts.trainings.Trainings(
        tmp_path / "trainings", glyphs_root, (*SMALL, "validate_every=1"), 4
    )
    hashes = {}
    for defect in ("none", "plain-distance", "not-scaled", "no-pool"):
        outcome = small.run(defect, "0")
        saved = tmp_path / "trainings" / outcome["result"]
        hashes[defect] = saved.with_suffix(".npz").read_bytes()

    assert len(set(hashes.values())) == len(hashes)


def test_promises_are_checked_by_the_binomial_interval(
    scripts, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(scripts.promised_power, "N_REDRAWN", 50)
    reference = [0.70, 0.71, 0.72, 0.69, 0.70, 0.71, 0.70, 0.72, 0.69, 0.70]
    unchanged = reference * 3

    kept = scripts.promised_power.promise([0.60] * 20, 20, reference, unchanged)
    broken = scripts.promised_power.promise([0.60] * 20, 3, reference, unchanged)
    none = scripts.promised_power.promise(unchanged[:20], 1, reference, unchanged)

    assert kept.is_kept
    assert kept.power > 0.999
    assert not broken.is_kept
    assert none.power == pytest.approx(0.05, abs=0.01)
    alarms = scripts.promised_power.false_alarms(10, 200, reference, unchanged)
    assert 0.02 < alarms.interval.low < 0.05 < alarms.interval.high < 0.1
