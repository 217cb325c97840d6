import dataclasses

import numpy as np
import pytest
from pydantic import ValidationError

from fewbench.documents import explain


def test_accuracies_and_mean_follow_from_the_predictions(make_result):
    # Two ways, two queries each: the truth is 0 0 1 1.
    predictions = np.array([[0, 0, 1, 1], [0, 1, 1, 0], [1, 1, 0, 0]], dtype=np.uint8)

    result = make_result(
        n_way=2, n_query=2, n_episodes=3, predictions=predictions,
        correct=np.array([4, 2, 0], dtype=np.int32),
    )  # fmt: skip

    assert result.accuracies.tolist() == [1.0, 0.5, 0.0]
    assert result.accuracies.dtype == np.float64
    assert result.mean == 0.5
    assert result.file_stem == "glyphs-5w1s__protonet__seed0"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"learner": "Proto  Net"}, "two spaces in a row"),
        ({"learner": "a\x1bb"}, "cannot hold the character"),
        ({"train_seed": True}, "valid integer"),
        ({"precision": "fp8"}, "'fp64' or 'other'"),
        ({"seconds": {"total": float("nan")}}, "finite"),
        ({"recipe": {"lr": float("inf")}}, "recipe.lr"),
        ({"unknown": 1}, "Unexpected keyword|is no known key"),
    ],
)
def test_a_result_that_contradicts_itself_is_refused(make_result, change, complaint):
    with pytest.raises(ValueError, match=complaint):
        make_result(**change)


@pytest.mark.parametrize(
    "change",
    [
        {"n_way": 1}, {"n_way": 257}, {"n_shot": 0}, {"n_query": 0}, {"n_episodes": 0},
        {"seed": -1}, {"name": "../x"}, {"name": ""}, {"name": "x\n"}, {"dataset": "A"},
        {"n_way": 5.0}, {"n_way": "5"},
    ],
)  # fmt: skip
def test_a_protocol_out_of_bounds_is_refused_by_name(make_result, change):
    with pytest.raises(ValidationError) as caught:
        make_result(**change)

    assert explain(caught.value).startswith(next(iter(change)))


def test_results_cannot_be_changed(make_result):
    result = make_result()

    with pytest.raises(dataclasses.FrozenInstanceError):
        result.learner = "other"
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.protocol.n_way = 7
