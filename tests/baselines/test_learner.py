import numpy as np
import pytest
import torch

from fewbench.baselines.catalogue import load_learner, make_learner
from fewbench.baselines.recipe_files import load_recipe
from fewbench_tests.random_episodes import random_episode

CPU = torch.device("cpu")


def test_the_order_of_the_support_set_does_not_matter() -> None:
    support, labels, query = random_episode()
    order = np.random.default_rng(1).permutation(6)
    learner = make_learner(load_recipe("protonet-glyphs"), (28, 28, 1), CPU)
    np.testing.assert_allclose(
        learner.predict(support, labels, query),
        learner.predict(support[order], labels[order], query),
        rtol=1e-4,
    )


@pytest.mark.parametrize("name", ["centroid", "protonet"])
def test_inductive_learners_score_a_query_without_looking_at_the_others(
    name: str,
) -> None:
    support, labels, query = random_episode()
    learner = (
        load_learner("centroid", CPU)
        if name == "centroid"
        else make_learner(load_recipe(f"{name}-glyphs"), (28, 28, 1), CPU)
    )
    assert not learner.transductive
    together = learner.predict(support, labels, query)
    alone = np.concatenate(
        [learner.predict(support, labels, one[None]) for one in query]
    )
    np.testing.assert_allclose(together, alone, rtol=1e-3, atol=1e-4)
