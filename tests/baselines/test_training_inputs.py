import pytest
import torch

from fewbench.baselines.catalogue import make_learner
from fewbench.baselines.learner import BaselineError
from fewbench.baselines.recipe_files import load_recipe
from fewbench.baselines.training_inputs import TrainViews, check_episodes
from fewbench.datasets.info import DataError
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.view import ImageView


@pytest.fixture
def views(bars: dict[str, SplitStore]) -> TrainViews:
    return TrainViews(ImageView([bars["train"]]), ImageView([bars["val"]]))


def check(views: TrainViews, recipe: str, *settings: str) -> None:
    config = load_recipe(recipe, ["dataset=bars", "width=8", "way=5", *settings])
    shape = views.train.image_shape
    check_episodes(make_learner(config, shape, torch.device("cpu")), config, views)


def test_episodes_that_can_be_drawn_and_answered_pass(views: TrainViews) -> None:
    check(views, "protonet-glyphs")
    check(views, "maml-glyphs")
    check(TrainViews(views.train, None), "protonet-glyphs", "val_way=99")


@pytest.mark.parametrize("setting", ["way=99", "val_way=99"])
def test_episodes_with_too_many_classes_are_refused(
    views: TrainViews, setting: str
) -> None:
    with pytest.raises(DataError, match="99-way"):
        check(views, "protonet-glyphs", setting)


def test_a_learner_of_so_many_classes_is_validated_on_as_many(
    views: TrainViews,
) -> None:
    with pytest.raises(BaselineError, match="5 classes"):
        check(views, "maml-glyphs", "val_way=4")


def test_the_fingerprints_are_those_of_training_and_validation(
    views: TrainViews,
) -> None:
    assert views.val is not None
    both = [views.train.fingerprint, views.val.fingerprint]
    assert views.fingerprints == both
    assert TrainViews(views.train, None).fingerprints == both[:1]
