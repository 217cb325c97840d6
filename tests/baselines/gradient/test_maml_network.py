import pytest
import torch
from torch import nn

from fewbench.baselines.gradient.maml_network import make_network
from fewbench.baselines.learner import BaselineError
from fewbench.baselines.recipe_files import load_recipe
from fewbench.datasets.info import DataError


def test_the_network_has_a_body_and_a_head_for_the_ways() -> None:
    config = load_recipe("maml-glyphs", ["width=4", "way=7"])
    network = make_network(config, (28, 28, 1))
    assert [name for name, _ in network.named_children()] == ["body", "head"]
    assert network(torch.zeros(2, 1, 28, 28)).shape == (2, 7)
    head = network.get_submodule("head")
    assert isinstance(head, nn.Linear)
    assert not head.bias.any()


def test_what_cannot_work_gets_a_sentence() -> None:
    config = load_recipe("maml-glyphs", ["backbone=mlp", "statistics=image"])
    with pytest.raises(BaselineError, match="statistics=image: cannot be used.*mlp"):
        make_network(config, (28, 28, 1))
    with pytest.raises(DataError, match="unknown backbone"):
        make_network(load_recipe("maml-glyphs", ["backbone=conv5"]), (28, 28, 1))
