from multiprocessing import Pipe
from pathlib import Path

import pytest

from fewbench.baselines.recipe_files import load_recipe
from fewbench.baselines.training import TrainBudget
from fewbench.benchmark.train import train_run, train_views
from fewbench.datasets.info import DataError
from fewbench.locks import Busy
from fewbench_tests.trainings import BRIEF, start_training, train_stepwise


def test_a_run_is_summed_up(glyphs_root: Path, tmp_path: Path) -> None:
    calls = []

    def progress(stage: str, done: int, total: int, remark: str = "") -> None:
        calls.append((stage, done, total, remark))

    config = load_recipe("protonet-glyphs", BRIEF)
    out = tmp_path / "run"

    run = train_run(config, out, TrainBudget(device="cpu"), glyphs_root, progress)

    assert run["checkpoint"] == str(out / "best.safetensors")
    assert (run["out"], run["dataset"], run["steps"]) == (str(out), "glyphs", 2)
    assert (run["precision"], run["device"]) == ("fp32", "cpu")
    assert run["val_accuracy"] is not None
    assert 0 < run["val_accuracy"] <= 1
    assert [call[:3] for call in calls] == [
        ("train", 1, 2),
        ("train", 2, 2),
    ]
    assert calls[-1][3].endswith(f", val {100 * run['val_accuracy']:.2f} %")


def test_a_limited_time_is_counted_in_seconds(
    glyphs_root: Path, tmp_path: Path
) -> None:
    calls = []

    def progress(stage: str, done: int, total: int, remark: str = "") -> None:
        calls.append((stage, type(done), total))

    config = load_recipe("protonet-glyphs", BRIEF)
    budget = TrainBudget(minutes=5, device="cpu")
    train_run(config, tmp_path / "run", budget, glyphs_root, progress)
    assert calls[0] == ("train", int, 300)


def test_training_on_train_and_val_leaves_nothing_to_validate_on(
    glyphs_root: Path,
) -> None:
    both = train_views(load_recipe("protonet-glyphs"), glyphs_root)
    settings = ["train_splits=train+val"]
    joined = train_views(load_recipe("protonet-glyphs", settings), glyphs_root)
    assert both.val is not None
    assert joined.val is None
    assert len(joined.train) == len(both.train) + len(both.val)


def test_a_dataset_that_is_not_built_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="fewbench data build omniglot"):
        train_views(load_recipe("protonet-omniglot"), tmp_path)


def test_two_trainings_do_not_write_the_same_folder(
    glyphs_root: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    connection, theirs = Pipe()
    first = start_training(train_stepwise, theirs, glyphs_root, out)
    theirs.close()
    assert connection.poll(60)
    assert connection.recv() == "step"
    before = sorted(path.name for path in out.iterdir())
    config = load_recipe("protonet-glyphs", BRIEF)
    budget = TrainBudget(device="cpu")

    said = f"training into {out} .process {first.pid} on .*same command again"
    with pytest.raises(Busy, match=said):
        train_run(config, out, budget, glyphs_root, silent)
    assert sorted(path.name for path in out.iterdir()) == before

    first.kill()
    first.join()
    train_run(config, out, budget, glyphs_root, silent)
    names = {path.name for path in out.iterdir()}
    assert names == {
        "best.safetensors",
        "last.safetensors",
        "train.csv",
        "train.json",
    }


def silent(stage: str, done: int, total: int, remark: str = "") -> None:
    """Progress that nobody looks at."""
