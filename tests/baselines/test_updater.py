import pytest
import torch

from fewbench.baselines.optimizer_state import PROGRESS_PREFIX
from fewbench.baselines.recipe_files import load_recipe
from fewbench.baselines.updater import Updater
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.view import ImageView

SETTINGS = ["dataset=bars", "way=6", "width=8", "precision=auto"]


@pytest.fixture
def view(bars: dict[str, SplitStore]) -> ImageView:
    return ImageView([bars["train"]])


def new_updater(view: ImageView, recipe: str = "protonet-glyphs") -> Updater:
    config = load_recipe(recipe, SETTINGS)
    return Updater(config, view, torch.device("cpu"))


def test_loaded_tensors_go_on_like_the_updater_that_made_them(view: ImageView) -> None:
    first = new_updater(view)
    batches = first.batches(0)
    first.update(next(batches), 0)
    saved = {name: tensor.clone() for name, tensor in first.tensors().items()}

    second = new_updater(view)
    progress = {f"{PROGRESS_PREFIX}losses": torch.ones(1)}
    second.load(saved | progress)

    loss = first.update(next(batches), 1)
    assert torch.equal(second.update(next(second.batches(1)), 1), loss)
    theirs = second.tensors()
    for name, tensor in first.tensors().items():
        assert torch.equal(theirs[name], tensor), name
        is_weight = name in saved and tensor.is_floating_point() and "/" not in name
        if is_weight and name.endswith("weight"):
            assert not torch.equal(saved[name], tensor), name


def test_tensors_of_another_network_are_refused(view: ImageView) -> None:
    with pytest.raises((KeyError, RuntimeError)):
        new_updater(view).load({"other": torch.ones(1)})


def test_the_precision_is_decided_before_training(view: ImageView) -> None:
    assert new_updater(view).config.precision in ("fp32", "bf16")
    assert new_updater(view, "maml-glyphs").config.precision == "fp32"


def test_a_cpu_records_no_step(view: ImageView) -> None:
    updater = new_updater(view, "maml-glyphs")
    assert updater.learner.repeats_from(0)
    updater.update(next(updater.batches(0)), 0)
    assert updater._recorded is None
