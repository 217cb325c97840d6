from dataclasses import replace

import pytest
import torch

from fewbench.baselines import training_cost
from fewbench.baselines.config import TrainConfig
from fewbench.baselines.recipe_files import load_recipe
from fewbench.baselines.training_cost import TrainingCost, measure_cost
from fewbench.baselines.training_inputs import TrainViews
from fewbench.baselines.updater import Updater
from fewbench.datasets.info import DataError
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.view import ImageView

BRIEF = ["dataset=bars", "width=8", "steps=40", "validate_every=15", "val_episodes=30"]
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def short_measurements(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_cost, "_SECONDS_OF_STEPS", 0.05)
    monkeypatch.setattr(training_cost, "_SECONDS_OF_VALIDATION", 0.02)


@pytest.fixture
def views(bars: dict[str, SplitStore]) -> TrainViews:
    return TrainViews(ImageView([bars["train"]]), ImageView([bars["val"]]))


def protonet() -> TrainConfig:
    return load_recipe("protonet-glyphs", ["way=6", *BRIEF])


def first_loss(config: TrainConfig, views: TrainViews) -> torch.Tensor:
    updater = Updater(config, views.train, CPU)
    return updater.update(next(updater.batches(0)), 0)


@pytest.mark.parametrize("recipe", ["protonet-glyphs", "maml-glyphs"])
def test_a_measurement_leaves_no_trace(recipe: str, views: TrainViews) -> None:
    config = load_recipe(recipe, ["way=5", *BRIEF])
    before = first_loss(config, views)
    state = torch.get_rng_state()

    cost = measure_cost(config, views, "cpu")

    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(first_loss(config, views), before)
    assert cost.seconds_per_step > 0
    assert cost.seconds_per_validation > 0
    assert cost.peak_bytes > 2**20


def test_without_validation_images_a_validation_takes_no_time(
    views: TrainViews,
) -> None:
    alone = TrainViews(views.train, None)
    assert measure_cost(protonet(), alone, "cpu").seconds_per_validation == 0


def test_a_part_of_a_validation_stands_for_the_whole(
    views: TrainViews, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of the two stages takes a second for one episode."""
    asked: list[int] = []

    def answer(learner: object, view: object, episodes: object, seed: int) -> object:
        asked.append(len(episodes.query))  # pyright: ignore[reportAttributeAccessIssue]
        return type("Answers", (), {"seconds": {"embed": 1.0, "classify": 1.0}})

    monkeypatch.setattr(training_cost, "answer", answer)
    monkeypatch.setattr(training_cost, "_SECONDS_OF_VALIDATION", 2.0)
    cost = measure_cost(replace(protonet(), val_query=1), views, "cpu")
    assert asked == [1]
    # An episode has 10 images. 30 episodes have nearly all, and all are embedded then.
    assert views.val is not None
    assert cost.seconds_per_validation == 30 + len(views.val) / 10


@pytest.mark.parametrize(
    ("start", "n_steps", "n_validations"),
    [(0, 40, 3), (14, 26, 3), (15, 25, 2), (30, 10, 1), (39, 1, 1), (40, 0, 0)],
)
def test_the_total_counts_the_validations_that_are_left(
    start: int, n_steps: int, n_validations: int
) -> None:
    """A validation follows the steps 15, 30 and 40."""
    cost = TrainingCost(2.0, 100.0, 0)
    total = cost.total_seconds(protonet(), start)
    assert total == 2 * n_steps + 100 * n_validations


def test_a_recipe_that_cannot_be_trained_is_refused(views: TrainViews) -> None:
    with pytest.raises(DataError, match="99-way"):
        measure_cost(replace(protonet(), way=99), views, "cpu")
