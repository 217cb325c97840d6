"""One loss curve through three backends, at full size; too long for the suite, so on request."""

from pathlib import Path

import numpy as np
import pytest

from fewbench.baselines.config import load_recipe
from fewbench.baselines.training import TrainBudget, Trainer, TrainViews
from fewbench.datasets.store import SplitStore
from fewbench.datasets.view import ImageView

N_STEPS = 200


def loss_curve(backend: str, view: ImageView, out: Path) -> np.ndarray:
    """The loss of each step: Omniglot conv4-64, 5-way 1-shot, 32 tasks a step, float32."""
    settings = [f"backend={backend}", "precision=fp32", f"steps={N_STEPS}", "validate_every=1000"]
    config = load_recipe("maml-omniglot", settings)
    losses: list[float] = []
    trainer = Trainer(config, TrainViews(view, None), out, TrainBudget())
    trainer.run(lambda report: losses.append(float(report["loss"])))
    return np.array(losses)


def test_two_hundred_meta_steps_give_one_curve(
    benchmark, say, omniglot_root: Path, tmp_path: Path
) -> None:
    """Same seed, same tasks. Rounding differs, and training amplifies it step by step."""
    view = ImageView([SplitStore(omniglot_root / "omniglot" / "train.h5")], rotations=True)
    native = benchmark.pedantic(loss_curve, ("native", view, tmp_path / "native"), rounds=1)
    for backend in ("learn2learn", "higher"):
        pytest.importorskip(backend, reason=f"{backend} is not installed")
        other = loss_curve(backend, view, tmp_path / backend)
        difference = np.abs(native / other - 1)
        for first, last in ((1, 1), (2, 20), (21, 100), (101, N_STEPS)):
            worst = 1e6 * difference[first - 1 : last].max()
            say(f"loss of steps {first}-{last}, {backend}, largest difference, 1e-6", worst, "")
        means = 1e6 * abs(native[-50:].mean() / other[-50:].mean() - 1)
        say(f"mean loss of the last 50 steps, {backend}, difference, 1e-6", means, "")
        assert difference[0] < 1e-5
