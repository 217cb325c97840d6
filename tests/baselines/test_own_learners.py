"""Learners in a user's own file: nothing of the package knows them."""

import re
from pathlib import Path

import pytest
import torch

from fewbench.baselines.catalogue import load_learner
from fewbench.baselines.checkpoints import load_checkpoint
from fewbench.baselines.config import TrainConfig
from fewbench.baselines.recipe_files import load_recipe
from fewbench.baselines.training import TrainBudget, Trainer
from fewbench.benchmark.evaluate import evaluate
from fewbench.benchmark.protocols.catalogue import find_protocol
from fewbench.benchmark.train import train_views
from fewbench_tests.paths import SUPPORT

COMMON = """
learner = "fewbench_tests.own_learners.{module}:{name}"
dataset = "glyphs"
backbone = "conv4"
width = 8
way = 5
shot = 1
query = 5
steps = 50
lr = 0.003
val_episodes = 20
validate_every = 25
precision = "fp32"
"""
LEARNERS = {
    "ridge": ("Ridge", "[ridge]\nregularisation = 2.0"),
    "linear_head": ("LinearHead", "[protonet]\ntemperature = 4.0"),
    "reptile": ("Reptile", "[maml]\ninner_steps = 3\ninner_lr = 0.1"),
    "classifier": ("Classifier", "[classifier]\nn_classes = 291\nbatch_size = 32"),
}

# Its training takes the longest.
FEWER = {"reptile": ("steps=30", "validate_every=15")}


def recipe(folder: Path, module: str, *settings: str) -> TrainConfig:
    name, table = LEARNERS[module]
    path = folder / f"{module}.toml"
    path.write_text(COMMON.format(module=module, name=name) + table)
    return load_recipe(str(path), settings)


def load_checkpoint_history(run: Path) -> list[dict]:
    return load_checkpoint(run / "last.safetensors")[1].history


def trained(config: TrainConfig, root: Path, out: Path, **budget) -> Path:
    views = train_views(config, root)
    return Trainer(config, views, out, TrainBudget(device="cpu", **budget)).run()


@pytest.mark.parametrize("module", LEARNERS)
def test_it_learns_and_resumes_bit_for_bit(
    module: str, glyphs_root: Path, tmp_path: Path
) -> None:
    config = recipe(tmp_path, module, *FEWER.get(module, ()))
    trained(config, glyphs_root, tmp_path / "whole")

    learner = load_learner(str(tmp_path / "whole"), torch.device("cpu"))
    assert type(learner).__name__ == LEARNERS[module][0]
    losses = [entry["loss"] for entry in load_checkpoint_history(tmp_path / "whole")]
    assert losses[-1] < losses[0]
    protocol = find_protocol("glyphs-5w1s", n_episodes=100, query=5)
    result = evaluate(learner, protocol, root=glyphs_root)
    error = result.accuracies.std() / 100**0.5
    assert result.mean - 4 * error > 0.2
    assert result.learner == learner.card.name

    half = trained(config, glyphs_root, tmp_path / "halves", minutes=1e-9)
    assert load_checkpoint(half)[1].step < config.steps
    trained(config, glyphs_root, tmp_path / "halves", resume=True)
    one, other = (
        load_checkpoint(tmp_path / name / "last.safetensors")[0]
        for name in ("whole", "halves")
    )
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("module", LEARNERS)
def test_each_is_one_short_file(module: str) -> None:
    text = (SUPPORT / "fewbench_tests" / "own_learners" / f"{module}.py").read_text()
    code = re.sub(r'"""[\s\S]*?"""', "", text, count=1)
    assert len([line for line in code.splitlines() if line.strip()]) <= 40


def test_a_frozen_encoder_stays_as_it_is(glyphs_root: Path, tmp_path: Path) -> None:
    config = recipe(tmp_path, "linear_head", "steps=2", "validate_every=1")
    first, last = (
        load_checkpoint(trained(config, glyphs_root, tmp_path / name))[0]
        for name in ("a", "b")
    )
    views = train_views(config, glyphs_root)
    fresh = Trainer(config, views, tmp_path / "c", TrainBudget(device="cpu")).learner
    for name, tensor in fresh.network.state_dict().items():
        assert torch.equal(first[name], last[name])
        # The encoder is module 0, the linear map is module 1.
        assert torch.equal(first[name], tensor) == name.startswith("0."), name
