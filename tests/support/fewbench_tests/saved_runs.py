"""A training run that was stopped after four steps."""

from dataclasses import replace
from pathlib import Path

import torch

from fewbench.baselines.recipe_files import load_recipe
from fewbench.baselines.run_facts import RunFacts
from fewbench.baselines.run_folder import LAST, RunFolder, TrainState

FACTS = RunFacts(
    config=load_recipe("maml-glyphs"),
    image_shape=(28, 28, 1),
    data_fingerprint=["a", "b"],
    device="cpu",
)
ENTRY = {"step": 4.0, "seconds": 1.5, "loss": 0.1, "val_seconds": 0.0}
STATE = TrainState(step=4, seconds=1.5, best_accuracy=0.5, history=[ENTRY])
TENSORS = {"0.weight": torch.ones(2)}


def saved(path: Path) -> RunFolder:
    """Save the last checkpoint of a run in a folder."""
    folder = RunFolder(path, FACTS)
    folder.prepare(resume=False)
    folder.save(LAST, TENSORS, STATE)
    return folder


def with_settings(**changes: object) -> RunFacts:
    """The facts of the run with other settings."""
    """The facts of the same run with another recipe."""
    return replace(FACTS, config=replace(FACTS.config, **changes))
