"""One network in the layouts of others gives equal features; damaged files are refused by name."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from fewbench.baselines.backbones import conv4
from fewbench.baselines.gradient.maml import MAML
from fewbench.baselines.learner import BaselineError
from fewbench.baselines.metric.protonet import ProtoNet
from fewbench.baselines.weights import load as weights_load
from fewbench.baselines.weights.choice import WeightsChoice
from fewbench.baselines.weights.load import load_weights
from fewbench.baselines.weights.tensor_file import read_weights
from fewbench_tests import foreign_weights as foreign

CPU = torch.device("cpu")
CONV4 = WeightsChoice("conv4", foreign.WIDTH)
STATE = foreign.trained_state()


def load(path: Path, choice: WeightsChoice = CONV4, *changes: str) -> ProtoNet:
    learner = load_weights(path, foreign.SHAPE, choice, CPU, settings=changes)
    assert isinstance(learner, ProtoNet)
    return learner


def load_maml(path: Path, choice: WeightsChoice, *changes: str) -> MAML:
    learner = load_weights(path, foreign.SHAPE, choice, CPU, settings=changes)
    assert isinstance(learner, MAML)
    return learner


def features(learner: ProtoNet) -> Tensor:
    images = np.random.default_rng(1).integers(0, 256, (6, *foreign.SHAPE), np.uint8)
    return learner.embed(images)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Tensor:
    """The features of the network itself, without any file."""
    network = conv4(foreign.SHAPE, foreign.WIDTH)
    network.load_state_dict(STATE)
    path = foreign.save_torch(STATE, tmp_path_factory.mktemp("own") / "own.pt")
    return features(ProtoNet(network, load(path).card))


@pytest.mark.parametrize("layout", foreign.LAYOUTS)
def test_every_layout_gives_the_features_of_the_network(
    layout: str, expected: Tensor, tmp_path: Path
) -> None:
    path = foreign.LAYOUTS[layout](STATE, tmp_path / "weights")

    learner = load(path)

    assert torch.equal(features(learner), expected)
    assert learner.network.state_dict().keys() == STATE.keys()
    for name, value in learner.network.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            assert torch.equal(value, STATE[name]), name


def test_biases_before_norms_are_folded_into_the_running_means(
    expected: Tensor, tmp_path: Path
) -> None:
    path = foreign.save_torch(foreign.with_biases(STATE), tmp_path / "biased.pt")

    got = features(load(path))

    assert not torch.equal(got, expected)
    # A mean near 1 in float32 loses the last digits of a difference of 0.01.
    assert (got - expected).abs().max() < 1e-5 * expected.abs().max()


def test_a_norm_registered_twice_under_other_parents_is_one(tmp_path: Path) -> None:
    names = foreign.renamed(STATE, "conv{1}.", "bn{1}.")
    both = {**names, **foreign.renamed(STATE, "layer{1}.0.", "layer{1}.1.")}
    rows = load(foreign.save_torch(both, tmp_path / "both.pt")).card.weights_file

    assert rows is not None
    copies = [row for row in rows.rows if row.note.startswith("the same as")]
    assert len(copies) == len(STATE)


def test_a_classifier_is_left_out_only_on_request(
    expected: Tensor, tmp_path: Path
) -> None:
    state = {**STATE, "fc.weight": torch.rand(64, 4), "fc.bias": torch.rand(64)}
    path = foreign.save_torch(state, tmp_path / "classifier.pt")

    with pytest.raises(
        BaselineError, match=r"left over: fc\.weight \(64, 4\).*--drop fc$"
    ):
        load(path)
    assert torch.equal(features(load(path, replace(CONV4, drop=("fc",)))), expected)
    with pytest.raises(
        BaselineError, match=r"--drop head: expected the start of a name"
    ):
        load(path, replace(CONV4, drop=("head",)))


def test_the_card_says_where_the_weights_are_from(tmp_path: Path) -> None:
    path = foreign.LAYOUTS["flat Sequential, legacy"](STATE, tmp_path / "net.pth")

    card = load(path).card

    assert card.name == "protonet-net"
    assert card.backbone == "conv4-4"
    assert card.recipe == {
        "learner": "protonet",
        "backend": "native",
        "weights_file": "net.pth",
        "weights_matched_by": "layers",
    }
    assert card.weights_file is not None
    assert card.weights_file.sha256 == card.checkpoint_sha256
    pairs = {row.ours: row.theirs for row in card.weights_file.rows}
    assert pairs["3.0.weight"] == "12.weight"
    assert pairs["1.1.running_var"] == "5.running_var"


def maml_state() -> foreign.State:
    state = foreign.renamed(STATE, "features.{0}.conv.", "features.{0}.normalize.")
    scale = torch.ones(foreign.WIDTH)
    state = {
        k: scale if k.endswith("normalize.weight") else v for k, v in state.items()
    }
    torch.manual_seed(3)
    return {
        **state,
        "classifier.weight": torch.rand(3, 4),
        "classifier.bias": torch.rand(3),
    }


def test_maml_starts_from_the_weights(tmp_path: Path) -> None:
    state = maml_state()
    path = foreign.save_torch(state, tmp_path / "maml.pt")
    choice = replace(CONV4, head="maml")

    learner = load_maml(path, choice, "inner_lr=0.1", "inner_steps=2", "eps=1e-5")

    assert learner.config.way == 3
    assert (learner.test_loop.lr, learner.test_loop.steps) == (0.1, 2)
    weights = learner.network.state_dict()
    assert torch.equal(weights["head.weight"], state["classifier.weight"])
    assert torch.equal(weights["body.1.0.weight"], state["features.1.conv.weight"])
    norms = [m for m in learner.network.modules() if isinstance(m, nn.BatchNorm2d)]
    assert {norm.eps for norm in norms} == {1e-5}
    kept = load_maml(path, choice, "inner_lr=0.1", "test_inner_steps=7")
    assert kept.card.name == "maml-7steps-maml"
    assert kept.with_steps(10) is kept


@pytest.mark.parametrize(
    ("choice", "changes", "words"),
    [
        (WeightsChoice(), (), "Add for example --backbone conv4"),
        (replace(CONV4, head="maml"), (), "--set inner_lr=0.05"),
        (replace(CONV4, head="maml"), ("inner_lr=1.0",), "MAML needs the linear layer"),
        (WeightsChoice("conv4"), (), "Type --width 4"),
        (WeightsChoice("resnet12", 4), (), "resnet12-4: expected"),
        (CONV4, ("inner_lr=1.0",), "inner_lr has no effect on protonet"),
        (CONV4, ("eps=2",), "eps=2: expected a number between 0 and 1"),
        (CONV4, ("lr=2",), "cannot change lr"),
    ],
)
def test_a_wrong_choice_is_refused_with_advice(
    choice: WeightsChoice, changes: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    path = foreign.save_torch(STATE, tmp_path / "net.pt")

    with pytest.raises(Exception, match=words.replace("(", r"\(")) as caught:
        load(path, choice, *changes)

    assert type(caught.value).__name__ in ("BaselineError", "DataError")
    assert "\n" not in str(caught.value)


SAVED = {
    "safetensors": foreign.save_safetensors,
    "torch": foreign.save_torch,
    "legacy": foreign.save_legacy,
    "npz": lambda state, path: foreign.save_npz(foreign.arrays_of(state), path),
}


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(kind=st.sampled_from(sorted(SAVED)), place=st.floats(0, 1), junk=st.binary())
def test_a_damaged_byte_gives_a_learner_or_a_sentence(
    tmp_path: Path, kind: str, place: float, junk: bytes
) -> None:
    path = SAVED[kind](STATE, tmp_path / "weights")
    content = path.read_bytes()
    # Most damage is done where the formats keep names, types and shapes.
    at = int(place**3 * len(content))
    path.write_bytes(content[:at] + junk + content[at + len(junk) :])

    said = ""
    try:
        load(path)
    except BaselineError as error:
        said = str(error)
    assert "\n" not in said


def test_the_recorded_hash_is_that_of_the_weights_that_were_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = foreign.save_torch(STATE, tmp_path / "net.pth")
    first = load(path).card
    others = {name: tensor + 1 for name, tensor in STATE.items()}

    def replaced_after(path: Path) -> bytes:
        data = read_weights(path)
        foreign.save_torch(others, path)
        return data

    monkeypatch.setattr(weights_load, "read_weights", replaced_after)
    card = load(path).card
    assert card.checkpoint_sha256 == first.checkpoint_sha256
    assert card.weights_sha256 == first.weights_sha256
    assert load(path).card.checkpoint_sha256 != first.checkpoint_sha256
