"""The project guards its own accuracies with its own plugin.

The references are in accuracy/reference. Another machine rounds in another way than the
one that made them; these encoders leave no room for that.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from fewbench.baselines.backbones import conv4
from fewbench.baselines.recipe_files import load_recipe
from fewbench.baselines.training import TrainBudget
from fewbench.benchmark.guard.pytest_plugin.fixture import Accuracy
from fewbench.benchmark.train import train_run
from fewbench.datasets.root import data_root
from fewbench_tests.progress import no_progress

# A training of this size takes about 3 CPU seconds.
SETTINGS = ("steps=60", "way=20", "width=16", "validate_every=60", "val_episodes=50")


@pytest.mark.parametrize("protocol", ["glyphs-5w1s", "glyphs-5w5s"])
def test_pixels(accuracy: Accuracy, glyphs_root: Path, protocol: str) -> None:
    accuracy("centroid", protocol, root=glyphs_root)


def test_untrained_convolutions(accuracy: Accuracy, glyphs_root: Path) -> None:
    """In double precision, rounding changes no prediction on any machine."""
    torch.manual_seed(0)
    encoder = conv4((28, 28, 1), width=8).double()

    accuracy(encoder, "glyphs-5w1s", root=glyphs_root)


def test_pixels_of_miniimagenet(accuracy: Accuracy, miniimagenet_root: Path) -> None:
    accuracy("centroid", "miniimagenet-5w1s", root=miniimagenet_root)


def test_pixels_of_omniglot(accuracy: Accuracy) -> None:
    """A build takes 20 CPU seconds, so the dataset has to be built already."""
    if not (data_root(None) / "omniglot" / "val.h5").exists():
        pytest.skip(
            "needs omniglot in $FEWBENCH_DATA: fewbench data build omniglot --source ..."
        )
    accuracy("centroid", "omniglot-20w1s")


@pytest.mark.accuracy(tier="nightly")
def test_training(accuracy: Accuracy, glyphs_root: Path, tmp_path: Path) -> None:
    accuracy.retrained(
        trained_in(tmp_path, glyphs_root), "glyphs-5w1s", root=glyphs_root
    )


def trained_in(folder: Path, root: Path) -> Callable[[int], str]:
    """Return a function that trains a small ProtoNet and returns its folder."""

    def train(seed: int) -> str:
        out = folder / f"seed{seed}"
        config = load_recipe("protonet-glyphs", [*SETTINGS, f"seed={seed}"])
        train_run(config, out, TrainBudget(device="cpu"), root, no_progress)
        return str(out)

    return train
