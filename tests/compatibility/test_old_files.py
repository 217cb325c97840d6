"""Files that fewbench wrote before its modules moved (commit d6840eb) are still read.

`files/` was written by that commit: two trainings on glyphs (`whole` ran its 6 steps, `interrupted`
was killed after 3), results, an episode file, a recipe, a build of `bars` and the journal of
another that was stopped, half a download, and the record of a conversion.
"""

import json
import shutil
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

import fewbench
from fewbench.baselines.catalogue import load_learner
from fewbench.baselines.device.choose import resolve_device
from fewbench.baselines.gradient.maml import MAML
from fewbench.baselines.recipe_files import load_recipe, own_keys
from fewbench.baselines.training import TrainBudget
from fewbench.benchmark.train import train_run
from fewbench.datasets.build import build
from fewbench.datasets.downloads.partial_file import PartialFile
from fewbench.datasets.info import ClassImages, Listing, Request
from fewbench.datasets.layouts.source_files import open_source
from fewbench.datasets.root import verify
from fewbench.reports.records import RunResult
from fewbench_tests.bars import BARS, list_bars

FILES = Path(__file__).parent / "files"
CONTENT = {
    "test": "23d0ecd3b134f1ed7941cb89e50f98658e504accbe7fb60ae4ecc1fa2ba58508",
    "train": "9b8e3c69a1c30224c8de1a5ccd7e907ead602d3d8b2a150bfff89eefa6564082",
    "val": "71210b3d66b4ce5cf2fb7cd7e635980c8018cc7c1c48ac1d4ae49456e5392245",
}


@pytest.fixture(scope="module")
def results() -> dict[str, RunResult]:
    return {one.learner: one for one in fewbench.load_results(FILES / "results")}


def silent(stage: str, done: int, total: int, remark: str = "") -> None:
    """Progress that nobody looks at."""


def test_results_are_read(results: dict[str, RunResult]) -> None:
    accuracies = {name: one.mean for name, one in results.items()}

    assert accuracies.keys() == {"centroid", "maml", "protonet"}
    for name, one in results.items():
        document = (FILES / "results" / f"{one.file_stem}.json").read_text()
        assert json.loads(document)["learner"] == name
        assert one.mean == one.correct.sum() / one.predictions.size


def test_a_learner_answers_as_it_did(
    results: dict[str, RunResult], glyphs_root: Path
) -> None:
    """Centroid's arithmetic is exact enough on any machine to give the same answers."""
    old = results["centroid"]
    learner = load_learner("centroid", resolve_device("cpu"))

    new = fewbench.evaluate(learner, old.protocol, root=glyphs_root, progress=False)

    assert new.data_fingerprint == old.data_fingerprint
    assert new.episodes_fingerprint == old.episodes_fingerprint
    assert (new.predictions == old.predictions).mean() > 0.995


def test_a_checkpoint_answers_as_it_did(
    results: dict[str, RunResult], glyphs_root: Path
) -> None:
    old = results["protonet"]
    learner = load_learner(str(FILES / "whole"), resolve_device("cpu"))
    assert learner.card.checkpoint_sha256 == old.checkpoint_sha256
    # The settings of MAML, which ProtoNet never used, are no longer recorded.
    assert old.recipe.keys() - learner.card.recipe.keys() == set(own_keys(MAML))
    for key, value in learner.card.recipe.items():
        assert old.recipe[key] == value or key.startswith("trained"), key

    new = fewbench.evaluate(learner, old.protocol, root=glyphs_root, progress=False)

    assert new.episodes_fingerprint == old.episodes_fingerprint
    assert (new.predictions == old.predictions).mean() > 0.98


def test_an_interrupted_training_goes_on(glyphs_root: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(FILES / "interrupted", run)
    changes = ["width=8", "steps=6", "way=5", "validate_every=3", "val_episodes=20"]
    config = load_recipe(str(FILES / "recipe.toml"), changes)

    budget = TrainBudget(device="cpu", resume=True)
    summary = train_run(config, run, budget, glyphs_root, silent)

    assert summary["steps"] == 6
    log = json.loads((run / "train.json").read_text())
    whole = json.loads((FILES / "whole" / "train.json").read_text())
    assert [row["step"] for row in log["history"]] == [3, 6]
    losses = [row["loss"] for row in log["history"]]
    assert losses == pytest.approx([row["loss"] for row in whole["history"]], rel=0.01)


def test_a_recipe_is_read() -> None:
    config = load_recipe(str(FILES / "recipe.toml"))

    assert (config.learner, config.dataset) == ("protonet", "glyphs")


def test_an_episode_file_is_evaluated(glyphs_root: Path) -> None:
    result = fewbench.evaluate(
        load_learner("centroid", resolve_device("cpu")),
        FILES / "episodes.npz",
        root=glyphs_root,
        progress=False,
    )

    assert result.protocol.name == "glyphs-5w1s-30ep"


def test_a_build_is_found_and_verified(tmp_path: Path) -> None:
    shutil.copytree(FILES / "built", tmp_path, dirs_exist_ok=True)

    found = build(BARS, tmp_path)

    assert found.already_built
    assert verify(BARS, tmp_path) == CONTENT


def test_an_interrupted_build_goes_on(tmp_path: Path) -> None:
    """Three finished classes are taken from the journal and not read again.

    A journal holds only for the versions that wrote it: with others all classes are read.
    """
    shutil.copytree(FILES / "journal", tmp_path / "bars.partial")
    read: list[str] = []

    build(replace(BARS, list_classes=partial(counted_bars, read)), tmp_path)

    assert verify(BARS, tmp_path) == CONTENT
    n_classes = 26
    n_finished = 3 if same_versions() else 0
    assert len(read) == n_classes - n_finished


def counted_bars(read: list[str], request: Request) -> Listing:
    """The classes of `bars`; the names of those that are read go into a list."""
    listing = list_bars(request)

    def note_and_read(one: ClassImages) -> np.ndarray:
        read.append(one.name)
        return one.read()

    classes = [
        replace(one, read=partial(note_and_read, one)) for one in listing.classes
    ]
    return replace(listing, classes=tuple(classes))


def same_versions() -> bool:
    """Whether the versions that a journal depends on are those of the commit's files."""
    manifest = json.loads((FILES / "built" / "bars" / "manifest.json").read_text())
    names = ("fewbench", "numpy", "pillow")
    return all(version(name) == manifest["versions"][name] for name in names)


def test_half_a_download_is_known(tmp_path: Path) -> None:
    shutil.copytree(FILES / "download", tmp_path, dirs_exist_ok=True)

    part = PartialFile(tmp_path / "images.zip")

    assert part.size == 300
    assert part.origin().url == "http://127.0.0.1:1/images.zip"
    assert part.origin().total == 1000


def test_the_record_of_a_conversion_is_read(tmp_path: Path) -> None:
    shutil.copy(FILES / "conversion.json", tmp_path)
    (tmp_path / "train_data.hdf5").touch()

    source = open_source(Request(source=tmp_path))

    assert source.resampling == "drawn"
