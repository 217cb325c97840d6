"""The checkpoint that Finn et al. released comes in; other files of TensorFlow are refused."""

from pathlib import Path

import numpy as np
import pytest
import torch

from fewbench.baselines.gradient.maml import MAML
from fewbench.baselines.learner import BaselineError
from fewbench.baselines.weights.choice import WeightsChoice
from fewbench.baselines.weights.load import load_weights
from fewbench.baselines.weights.tensorflow_files import refuse_tensorflow

CPU = torch.device("cpu")
NAME = "finn2017_checkpoint/model59000.data-00000-of-00001"
# The hash of the network's weights, from the offsets as an earlier test decoded them.
DIGEST = "57ff4a302bcedda1c91ef46d61d341c61d13f5ac6d9846a135bdc18b8d63f643"


@pytest.fixture
def released(shared_data: Path) -> Path:
    path = shared_data / NAME
    if not path.exists():
        pytest.skip(f"needs {NAME} in the folder of real data")
    return path


def test_the_released_checkpoint_brings_its_own_learner(released: Path) -> None:
    learner = load_weights(released, (84, 84, 3), WeightsChoice(), CPU)

    assert isinstance(learner, MAML)
    assert learner.card.name == "maml-finn2017"
    assert learner.card.backbone == "conv4-32"
    assert learner.card.weights_sha256 == DIGEST
    assert (learner.test_loop.lr, learner.test_loop.steps) == (0.05, 10)
    raw = np.frombuffer(released.read_bytes(), "<f4")
    weights = learner.network.state_dict()
    # conv2 in TensorFlow's order: height, width, inputs, outputs.
    kernel = raw[4500 // 4 :][: 9 * 32 * 32].reshape(3, 3, 32, 32)
    assert weights["body.1.0.weight"][7, 5, 2, 1].item() == kernel[2, 1, 5, 7]
    # The last layer follows maps with channels last.
    head = raw[115092 // 4 :][: 800 * 5].reshape(5, 5, 32, 5)
    ours = weights["head.weight"].reshape(5, 32, 5, 5)
    assert ours[3, 9, 4, 2].item() == head[4, 2, 9, 3]


def test_a_choice_against_the_released_checkpoint_is_refused(released: Path) -> None:
    for choice in (WeightsChoice(width=64), WeightsChoice(head="protonet")):
        with pytest.raises(BaselineError, match=r"expected (32|maml), got .* Omit --"):
            load_weights(released, (84, 84, 3), choice, CPU)
    with pytest.raises(BaselineError, match="conv4-32: .*head.*28 x 28|28 x 28"):
        load_weights(released, (28, 28, 3), WeightsChoice(), CPU)


@pytest.mark.parametrize(
    "name", ["model.ckpt-7.data-00000-of-00001", "a.index", "a.meta", "checkpoint"]
)
def test_another_tensorflow_checkpoint_is_refused_with_a_way_out(
    name: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(bytes(131_092))

    with pytest.raises(BaselineError, match="load_checkpoint.*savez") as caught:
        load_weights(path, (84, 84, 3), WeightsChoice("conv4"), CPU)

    assert str(caught.value).startswith(f"{path}: a TensorFlow checkpoint")
    assert "\n" not in str(caught.value)
    refuse_tensorflow(tmp_path / "weights.pt")
