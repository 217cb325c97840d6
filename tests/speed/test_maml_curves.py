"""One loss curve through three backends, at full size; too long for the suite, so on request."""

from pathlib import Path

import numpy as np
import pytest
from torch import Tensor

from fewbench.baselines.recipe_files import load_recipe
from fewbench.baselines.training import TrainBudget, Trainer, TrainViews
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.view import ImageView

N_STEPS = 200
LIBRARIES = ("learn2learn", "higher")


def loss_curve(backend: str, view: ImageView, out: Path, double: bool) -> np.ndarray:
    """The loss of each step: Omniglot conv4-64, 5-way 1-shot, 32 tasks a step."""
    settings = [
        f"backend={backend}",
        "precision=fp32",
        f"steps={N_STEPS}",
        "validate_every=1000",
    ]
    config = load_recipe("maml-omniglot", settings)
    losses: list[float] = []
    trainer = Trainer(config, TrainViews(view, None), out, TrainBudget())
    if double:
        trainer.learner.network.double()  # in place: the optimiser keeps its parameters
    backward = trainer.learner.backward

    def recorded(*arguments) -> Tensor:
        loss = backward(*arguments)
        losses.append(float(loss))
        return loss

    trainer.learner.backward = recorded
    trainer.run()
    return np.array(losses)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_two_hundred_meta_steps_give_one_curve(
    benchmark, say, omniglot_root: Path, tmp_path: Path, precision: str
) -> None:
    """Same seed, same tasks. What rounds differently is amplified by training, step by step, so
    float64 tells whether there is anything but rounding."""
    view = ImageView(
        [SplitStore(omniglot_root / "omniglot" / "train.h5")], rotations=True
    )
    double = precision == "float64"
    native = benchmark.pedantic(
        loss_curve, ("native", view, tmp_path / "native", double), rounds=1
    )
    for backend in LIBRARIES:
        pytest.importorskip(backend, reason=f"{backend} is not installed")
        other = loss_curve(backend, view, tmp_path / backend, double)
        difference = np.abs(native / other - 1)
        for first, last in ((1, 1), (2, 20), (21, 100), (101, N_STEPS)):
            worst = np.log10(max(difference[first - 1 : last].max(), 1e-17))
            say(
                f"{precision} loss of steps {first}-{last}, {backend}, log10 of difference",
                worst,
                "",
            )
        means = abs(native[-50:].mean() / other[-50:].mean() - 1)
        say(
            f"{precision} mean loss of the last 50 steps, {backend}, % apart",
            100 * means,
            "",
        )
        assert difference[0] < (1e-12 if double else 1e-5)
        assert difference.max() < 1e-6 or not double
        assert means < 0.05
