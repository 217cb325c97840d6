import math
from dataclasses import replace

import pytest
import torch

from fewbench.baselines.config import TrainConfig
from fewbench.baselines.recipe_files import load_recipe
from fewbench.baselines.schedule import divergence, learning_rate


def config(*settings: str, recipe: str = "protonet-glyphs") -> TrainConfig:
    return load_recipe(recipe, settings)


def test_learning_rates_follow_the_schedule() -> None:
    steps = config("lr=0.1", "lr_decay=0.5", "lr_step=5")
    assert [learning_rate(steps, step) for step in (0, 4, 5, 10)] == [
        0.1,
        0.1,
        0.05,
        0.025,
    ]
    cosine = config("lr=0.1", "lr_min=0.02", "lr_schedule=cosine", "steps=100")
    rates = [learning_rate(cosine, step) for step in (0, 50, 100, 500)]
    assert rates == pytest.approx([0.1, 0.06, 0.02, 0.02])
    longer = replace(cosine, steps=400, lr_until=100)
    rates_of_longer = [learning_rate(longer, step) for step in (0, 50, 100, 500)]
    assert rates_of_longer == rates


WEIGHTS = {"head.weight": torch.ones(2)}


def losses(*values: float) -> list[torch.Tensor]:
    return [torch.tensor(float(value)) for value in values]


def test_a_loss_is_compared_with_guessing_at_least() -> None:
    guessing = math.log(5)
    five_way = config("way=5")
    history = [{"loss": 0.01}]
    assert divergence(losses(9.9 * guessing), history, five_way, WEIGHTS) == ""
    what = divergence(losses(10.1 * guessing), history, five_way, WEIGHTS)
    assert "expected at most 16.09" in what


def test_a_high_loss_at_the_start_allows_a_high_loss_later() -> None:
    """Distances grow with the embedding, so an untrained ProtoNet may start far up."""
    five_way = config("way=5")
    assert divergence(losses(100, 300), [], five_way, WEIGHTS) == ""
    assert divergence(losses(500), [{"loss": 100.0}], five_way, WEIGHTS) == ""
    assert divergence(losses(1001), [{"loss": 100.0}], five_way, WEIGHTS)


def test_a_learner_that_adapts_starts_from_guessing() -> None:
    maml = config("way=5", recipe="maml-glyphs")
    assert divergence(losses(100, 300), [], maml, WEIGHTS, starts_from_guessing=True)


def test_weights_that_are_not_finite_are_named() -> None:
    weights = {name: torch.tensor([math.nan]) for name in "abcd"}
    what = divergence(losses(0.5), [], config(), WEIGHTS | weights)
    assert what.endswith("weights are not finite: a, b, c")
    assert "is nan" in divergence(losses(math.nan), [], config(), WEIGHTS)
