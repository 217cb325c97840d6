from pathlib import Path

import pytest
import torch
from torch import nn

from fewbench.baselines.device.recorded_step import RecordedStep
from fewbench.baselines.gradient.maml import MAML
from fewbench.baselines.recipe_files import load_recipe
from fewbench.baselines.trained_learner import TrainedLearner
from fewbench.baselines.training import TrainBudget, Trainer, TrainViews
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.view import ImageView
from fewbench_tests.cuda import EACH_DEVICE, NEEDS_CUDA


@NEEDS_CUDA
def test_a_recorded_step_gives_the_gradients_of_each_batch() -> None:
    network = nn.Linear(4, 3).cuda()
    parameters = list(network.parameters())

    def gradients() -> list[torch.Tensor]:
        found = [parameter.grad for parameter in parameters]
        return [gradient.clone() for gradient in found if gradient is not None]

    def backward(images: torch.Tensor) -> torch.Tensor:
        loss = network(images).square().mean()
        loss.backward()
        return loss.detach()

    batches = torch.randn(5, 7, 4, device="cuda")
    step = RecordedStep(backward, batches[0], parameters)
    losses = []
    for batch in batches:
        losses.append(step(batch))
        found = gradients()
        network.zero_grad()
        torch.testing.assert_close(losses[-1], backward(batch))
        torch.testing.assert_close(found, gradients())
        assert len(found) == 2
    assert len({float(loss) for loss in losses}) == len(batches)


@pytest.mark.parametrize("device", EACH_DEVICE)
@pytest.mark.parametrize(
    "settings",
    [
        [],
        ["first_order_steps=3", "inner_steps=2"],
        ["tasks_per_chunk=3", "clip_value=0.01"],
    ],
)
def test_a_run_reaches_the_weights_of_a_run_without_recording(
    bars: dict[str, SplitStore],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    device: str,
    settings: list[str],
) -> None:
    """Both runs validate between steps, and are stopped and resumed."""
    recorded = trained(bars, tmp_path / "recorded", device, settings)
    assert (recorded.updater._recorded is not None) == (device == "cuda")
    monkeypatch.setattr(MAML, "repeats_from", TrainedLearner.repeats_from)
    plain = trained(bars, tmp_path / "plain", device, settings)
    assert plain.updater._recorded is None

    weights = plain.updater.weights()
    torch.testing.assert_close(recorded.updater.weights(), weights)
    start = trained(bars, tmp_path / "start", device, [*settings, "lr=1e-12"])
    assert not torch.allclose(
        weights["head.weight"], start.updater.weights()["head.weight"]
    )


def trained(
    bars: dict[str, SplitStore], out: Path, device: str, settings: list[str]
) -> Trainer:
    """Train four steps, then resume and train four more."""
    recipe = ["dataset=bars", "way=6", "val_way=6", "width=8", "meta_batch_size=8"]
    recipe += ["steps=8", "validate_every=2", "val_episodes=5", *settings]
    config = load_recipe("maml-glyphs", recipe)
    views = TrainViews(ImageView([bars["train"]]), ImageView([bars["val"]]))
    for last_step in (4, 8):
        budget = TrainBudget(device=device, resume=last_step == 8, last_step=last_step)
        trainer = Trainer(config, views, out, budget)
        trainer.run()
    return trainer
