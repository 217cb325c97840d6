import re
import sys
import warnings
from pathlib import Path

import pytest
import torch

from fewbench.baselines.backbones import conv4
from fewbench.baselines.catalogue import OtherCodeWarning, load_learner, make_learner
from fewbench.baselines.learner import BaselineError
from fewbench.baselines.own_backbone import make_backbone
from fewbench.baselines.recipe_files import load_recipe
from fewbench.baselines.training import TrainBudget, Trainer
from fewbench.datasets.info import DataError
from fewbench_tests.trainings import config_for_bars, views_of

SHAPE = (28, 28, 1)
CPU = torch.device("cpu")
OWN = "fewbench_tests.own_backbones"


def test_a_name_makes_a_backbone_of_fewbench_or_of_the_user() -> None:
    assert str(make_backbone("conv4", SHAPE, 8)) == str(conv4(SHAPE, 8))
    own = make_backbone(f"{OWN}:small", SHAPE, 8)
    # It was tried on a copy.
    assert own.state_dict()["1.num_batches_tracked"] == 0
    assert own(torch.zeros(3, 1, 28, 28)).shape == (3, 4 * 8)
    with pytest.raises(DataError, match="unknown backbone"):
        make_backbone("conv5", SHAPE, 8)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nothing", "expected a function (image_shape, width) -> torch.nn.Module"),
        ("maps", "End the network with torch.nn.Flatten()"),
        ("failing", "ValueError: no network for (28, 28, 1)"),
        ("tensor", "expected a torch.nn.Module, got float32 (8,)"),
    ],
)
def test_a_network_that_cannot_be_used_gets_a_sentence(name: str, said: str) -> None:
    with pytest.raises(BaselineError, match=re.escape(said)):
        make_backbone(f"{OWN}:{name}", SHAPE, 8)


@pytest.mark.parametrize("name", ["adaptable", "of_parts"])
def test_maml_trains_a_network_of_the_user(name: str) -> None:
    settings = [f"backbone={OWN}:{name}", "width=4"]
    learner = make_learner(load_recipe("maml-glyphs", settings), SHAPE, CPU)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        drawn = make_backbone(f"{OWN}:{name}", SHAPE, 4).state_dict()
    trained = learner.network.state_dict()
    assert torch.equal(trained["body.0.weight"], drawn["0.weight"])
    assert all(weights.grad is None for weights in learner.network.parameters())


def test_maml_refuses_a_network_that_its_engine_cannot_run() -> None:
    recipe = load_recipe("maml-glyphs", [f"backbone={OWN}:small", "width=4"])
    said = f"backbone {OWN}:small: BatchNorm2d.*no running averages"
    with pytest.raises(BaselineError, match=said):
        make_learner(recipe, SHAPE, CPU)


@pytest.fixture
def own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "nets_of_this_test.py"
    file.write_text(f"from {OWN} import small\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "nets_of_this_test", raising=False)
    return file


def test_a_checkpoint_knows_the_code_that_trained_it(bars, own_file: Path) -> None:
    brief = ("backbone=nets_of_this_test:small", "width=4", "steps=1")
    out = own_file.parent / "run"
    views = views_of(bars)
    Trainer(config_for_bars(*brief), views, out, TrainBudget(device="cpu")).run()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded = load_learner(str(out), CPU)
    assert loaded.card.backbone == "nets_of_this_test:small-4"
    trained_with = loaded.card.recipe["backbone_sha256"]

    own_file.write_text(f"from {OWN} import small  # changed\n")
    del sys.modules["nets_of_this_test"]  # as in a new process
    with pytest.warns(
        OtherCodeWarning, match="backbone nets_of_this_test:small changed"
    ):
        loaded = load_learner(str(out), CPU)
    assert loaded.card.recipe["backbone_sha256"] != trained_with
    more = config_for_bars(*brief, "steps=2")
    resumed = TrainBudget(device="cpu", resume=True)
    with pytest.raises(BaselineError, match="cannot resume: the file of the backbone"):
        Trainer(more, views, out, resumed)

    sys.path.remove(str(own_file.parent))
    del sys.modules["nets_of_this_test"]
    with pytest.raises(
        BaselineError, match="cannot import nets_of_this_test.*PYTHONPATH"
    ):
        load_learner(str(out), CPU)
