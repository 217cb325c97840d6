"""CONTRIBUTING's way to add a baseline, taken by its word."""

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from fewbench.baselines.catalogue import load_learner
from fewbench.baselines.evaluation.examiner import answer
from fewbench.baselines.families import BASELINES
from fewbench.baselines.recipe_files import load_recipe, recipes
from fewbench.baselines.training import TrainBudget, Trainer, TrainViews
from fewbench.datasets.episodes import EpisodeSpec, sample_episodes
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.view import ImageView
from fewbench_tests.paths import REPOSITORY

GUIDE = REPOSITORY / "CONTRIBUTING.md"


@pytest.fixture
def cosine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The example as a module of the package, and its line in BASELINES."""
    section = GUIDE.read_text(encoding="utf-8").partition("## Add a baseline")[2]
    code = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert code
    assert len([line for line in code[1].splitlines() if line.strip()]) < 25
    path = tmp_path / "cosine.py"
    path.write_text(code[1])
    spec = importlib.util.spec_from_file_location(
        "fewbench.baselines.metric.cosine", path
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    assert '"cosine": Cosine,' in section
    monkeypatch.setitem(BASELINES, "cosine", module.Cosine)
    return module


def test_the_example_trains_and_is_evaluated(
    cosine: ModuleType, bars: dict[str, SplitStore], tmp_path: Path
) -> None:
    text = recipes()["protonet-glyphs"].read_text()
    recipe = tmp_path / "cosine-glyphs.toml"
    recipe.write_text(text.replace('learner = "protonet"', 'learner = "cosine"'))
    settings = ["temperature=0.1", "dataset=bars", "way=6", "width=16", "steps=30"]
    settings += ["validate_every=10", "val_episodes=20"]
    config = load_recipe(str(recipe), settings)
    views = TrainViews(ImageView([bars["train"]]), ImageView([bars["val"]]))
    trainer = Trainer(config, views, tmp_path / "run", TrainBudget(device="cpu"))
    trainer.run()
    losses = [entry["loss"] for entry in trainer.state.history]
    assert losses[-1] < losses[0]

    learner = load_learner(str(tmp_path / "run"), torch.device("cpu"))
    assert isinstance(learner, cosine.Cosine)
    view = ImageView([bars["test"]])
    episodes = sample_episodes(view.class_offsets, EpisodeSpec(5, 1, 5), 0, 0, 100)
    predictions = answer(learner, view, episodes, 0).predictions
    accuracy = (predictions == np.arange(5).repeat(5)).mean(axis=1)
    assert accuracy.mean() - 4 * accuracy.std() / 10 > 0.2
