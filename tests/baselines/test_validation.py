import numpy as np
import pytest

from fewbench.baselines.any_model import as_learner
from fewbench.baselines.learner import BaselineError
from fewbench.baselines.metric.centroid import Centroid
from fewbench.baselines.recipe_files import load_recipe
from fewbench.baselines.validation import validate
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.view import ImageView

CONFIG = load_recipe("protonet-glyphs", ["val_episodes=20", "val_query=3"])


def test_every_validation_asks_the_same_episodes(bars: dict[str, SplitStore]) -> None:
    view = ImageView([bars["val"]])
    accuracy = validate(Centroid(), view, CONFIG)
    assert 0.2 < accuracy <= 1
    assert validate(Centroid(), view, CONFIG) == accuracy


def test_a_learner_that_always_says_the_first_class_is_right_once_in_five(
    bars: dict[str, SplitStore],
) -> None:
    def first_class(support_images, support_labels, query_images):
        scores = np.zeros((len(query_images), 5))
        scores[:, 0] = 1
        return scores

    view = ImageView([bars["val"]])
    assert validate(as_learner(first_class), view, CONFIG) == pytest.approx(0.2)


def test_scores_that_are_not_finite_are_refused(bars: dict[str, SplitStore]) -> None:
    def nothing(support_images, support_labels, query_images):
        return np.full((len(query_images), 5), np.nan)

    with pytest.raises(BaselineError, match="episode 0"):
        validate(as_learner(nothing), ImageView([bars["val"]]), CONFIG)
