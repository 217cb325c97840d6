import pytest
import torch
from torch import nn

from fewbench.baselines.device.recorded_step import RecordedStep
from fewbench.baselines.gradient.maml import MAML
from fewbench.baselines.recipe_files import load_recipe
from fewbench.baselines.trained_learner import TrainedLearner
from fewbench.baselines.updater import Updater
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.view import ImageView

pytestmark = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="no CUDA device is here"
)
N_STEPS = 6


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


@pytest.mark.parametrize("settings", [[], ["first_order_steps=3", "inner_steps=2"]])
def test_a_training_run_reaches_the_weights_of_a_run_without_recording(
    bars: dict[str, SplitStore],
    monkeypatch: pytest.MonkeyPatch,
    settings: list[str],
) -> None:
    recorded = trained(bars["train"], settings)
    assert recorded._recorded is not None
    monkeypatch.setattr(MAML, "repeats_from", TrainedLearner.repeats_from)
    plain = trained(bars["train"], settings)
    assert plain._recorded is None
    start = Updater(plain.config, plain.view, torch.device("cuda")).weights()
    theirs = plain.weights()
    for name, weight in recorded.weights().items():
        torch.testing.assert_close(weight, theirs[name])
        assert name not in ("head.weight",) or not torch.equal(weight, start[name])


def trained(store: SplitStore, settings: list[str]) -> Updater:
    recipe = ["dataset=bars", "way=6", "val_way=6", "width=8", *settings]
    config = load_recipe("maml-glyphs", recipe)
    updater = Updater(config, ImageView([store]), torch.device("cuda"))
    for step, batch in enumerate(updater.batches(0)):
        if step == N_STEPS:
            return updater
        updater.update(batch, step)
    raise AssertionError
