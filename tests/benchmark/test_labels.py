import dataclasses

import pytest

from fewbench.baselines.any_model import as_learner
from fewbench.baselines.learner import BaselineError
from fewbench.baselines.metric.centroid import Centroid
from fewbench.benchmark.labels import Labels, labelled


def test_a_learner_gets_its_labels_and_the_users_stays_as_it_was() -> None:
    learner = Centroid()
    named = labelled(learner, Labels("Метод А", 3, {"lr": 0.1}))
    assert (named.card.name, named.card.train_seed) == ("Метод А", 3)
    assert named.card.recipe == {"lr": 0.1}
    assert (learner.card.name, learner.card.train_seed) == ("centroid", 0)


def test_no_label_keeps_what_the_model_says() -> None:
    learner = as_learner(lambda *_: None, "mine")
    assert labelled(learner, Labels()) is learner


@pytest.mark.parametrize("labels", [Labels(train_seed=1), Labels(recipe={"lr": 1})])
def test_what_a_checkpoint_says_is_not_changed(labels: Labels) -> None:
    learner = Centroid()
    learner.card = dataclasses.replace(learner.card, recipe={"lr": 0.5})
    with pytest.raises(BaselineError, match="is known from its checkpoint already"):
        labelled(learner, labels)
    assert labelled(learner, Labels("mine")).card.recipe == {"lr": 0.5}
