from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from fewbench.baselines import catalogue
from fewbench.baselines.catalogue import load_learner, make_learner
from fewbench.baselines.checkpoints import (
    load_checkpoint,
    read_checkpoint,
    save_checkpoint,
)
from fewbench.baselines.learner import BaselineError
from fewbench.baselines.metric.protonet import ProtoNet
from fewbench.baselines.metric.protonet_learn2learn import Learn2LearnProtoNet
from fewbench.baselines.recipe_files import load_recipe, recipes
from fewbench.files import file_digest

CPU = torch.device("cpu")
SHAPE = (28, 28, 1)


def test_a_learner_that_is_another_class_on_its_backend_is_found() -> None:
    pytest.importorskip("learn2learn", reason="learn2learn is not installed")
    settings = ["backend=learn2learn", "width=8"]
    learner = make_learner(load_recipe("protonet-glyphs", settings), SHAPE, CPU)
    assert isinstance(learner, Learn2LearnProtoNet)
    assert learner.card.name == "protonet-learn2learn"


def test_a_folder_gives_its_best_checkpoint_before_its_last(tmp_path: Path) -> None:
    config = load_recipe("protonet-glyphs", ["width=8"])
    card = {"config": config.flat(), "image_shape": list(SHAPE), "seconds": 1.0}
    weights = make_learner(config, SHAPE, CPU).network.state_dict()
    save_checkpoint(tmp_path / "last.safetensors", weights, {**card, "step": 9})
    loaded = load_learner(str(tmp_path), CPU)
    assert loaded.card.recipe["trained_steps"] == 9
    save_checkpoint(tmp_path / "best.safetensors", weights, {**card, "step": 5})
    loaded = load_learner(str(tmp_path), CPU, precision="bf16")
    assert loaded.card.recipe["trained_steps"] == 5
    assert loaded.card.recipe["trained_precision"] == "auto"
    assert loaded.card.precision == "bf16"
    assert len(loaded.card.checkpoint_sha256 or "") == 64


def test_the_recorded_hash_is_that_of_the_checkpoint_that_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = load_recipe("protonet-glyphs", ["width=8"])
    card = {"config": config.flat(), "image_shape": list(SHAPE), "seconds": 1.0}
    weights = make_learner(config, SHAPE, CPU).network.state_dict()
    path = tmp_path / "best.safetensors"
    save_checkpoint(path, weights, {**card, "step": 5})
    expected = file_digest(path, "sha256")

    def replaced_after(path: Path) -> bytes:
        data = read_checkpoint(path)
        save_checkpoint(path, weights, {**card, "step": 6})
        return data

    monkeypatch.setattr(catalogue, "read_checkpoint", replaced_after)
    loaded = load_learner(str(path), CPU).card
    assert (loaded.recipe["trained_steps"], loaded.checkpoint_sha256) == (5, expected)
    assert file_digest(path, "sha256") != expected


def test_a_backend_that_cannot_is_refused() -> None:
    with pytest.raises(
        BaselineError,
        match="--backend higher: cannot run protonet.*native, learn2learn",
    ):
        make_learner(
            load_recipe("protonet-glyphs", ["backend=higher"]),
            SHAPE,
            torch.device("cpu"),
        )


def test_weights_depend_on_the_seed_alone_and_leave_the_global_generator() -> None:
    config = load_recipe("protonet-glyphs")
    torch.manual_seed(123)
    before = torch.get_rng_state()
    first = make_learner(config, (28, 28, 1), CPU).network.state_dict()
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(321)
    second = make_learner(config, (28, 28, 1), CPU).network.state_dict()
    other = make_learner(load_recipe("protonet-glyphs", ["seed=1"]), (28, 28, 1), CPU)

    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(
        first["0.0.weight"], other.network.state_dict()["0.0.weight"]
    )


def test_every_recipe_makes_a_learner() -> None:
    for name in recipes():
        config = load_recipe(name)
        learner = make_learner(config, (28, 28, 1), CPU)
        assert learner.card.name == config.learner
        assert learner.card.recipe["lr"] == config.lr


def test_a_card_that_does_not_fit_its_weights_gets_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    config = load_recipe("protonet-glyphs").flat()
    card = {"config": config, "image_shape": [28, 28, 1], "step": 1, "seconds": 1.0}
    save_checkpoint(path, {"a": torch.ones(1)}, card)
    with pytest.raises(BaselineError, match="do not match the recipe"):
        load_learner(str(path), torch.device("cpu"))
    save_checkpoint(path, {"a": torch.ones(1)}, {})
    with pytest.raises(BaselineError, match="damaged checkpoint.*config is missing"):
        load_learner(str(path), torch.device("cpu"))
    save_file({"a": torch.ones(1)}, path, {"fewbench": "{"})
    with pytest.raises(BaselineError, match="damaged checkpoint"):
        load_checkpoint(path)


def test_an_unknown_learner_says_what_can_be_given(tmp_path: Path) -> None:
    cpu = torch.device("cpu")
    message = "'centriod': no such learner: .*checkpoint.*Did you mean 'centroid'"
    with pytest.raises(BaselineError, match=message):
        load_learner("centriod", cpu)
    with pytest.raises(BaselineError, match="must be trained first: fewbench train"):
        load_learner("protonet", cpu)
    with pytest.raises(BaselineError, match="holds no checkpoint"):
        load_learner(str(tmp_path), cpu)


def test_a_precision_that_a_learner_does_not_allow_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ProtoNet, "precisions", ("fp32",))
    config = load_recipe("protonet-glyphs", ["precision=bf16"])
    with pytest.raises(BaselineError, match="--precision bf16: .*expected one of fp32"):
        make_learner(config, SHAPE, CPU)
