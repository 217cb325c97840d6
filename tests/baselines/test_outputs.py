import dataclasses
import warnings
from collections import OrderedDict, namedtuple

import numpy as np
import pytest
import torch

from fewbench.baselines.learner import BaselineError
from fewbench.baselines.outputs import (
    chosen_member,
    described,
    feature_tensor,
    last_words,
    members_of,
    score_array,
)

MAP = torch.zeros(4, 8, 7, 7)
Pair = namedtuple("Pair", "first last")


def quantised(values: torch.Tensor) -> torch.Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # torch will remove such tensors
        return torch.quantize_per_tensor(values, 0.1, 0, torch.quint8)


@dataclasses.dataclass
class Output:
    pooled: torch.Tensor
    hidden: None = None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (MAP, "float32 (4, 8, 7, 7)"),
        (np.zeros(3), "float64 (3,)"),
        (None, "None"),
        (3, "an object of type int"),
        ((MAP,), "a tuple with the members 0: float32 (4, 8, 7, 7)"),
        ({}, "a dict with the members (none)"),
        (
            Output(MAP[:, 0, 0]),
            "a Output with the members 'pooled': float32 (4, 7), 'hidden': None",
        ),
        (Pair(1, [2]), "a Pair with the members 'first': int, 'last': list"),
    ],
)
def test_a_value_is_described_by_type_and_shape(value: object, words: str) -> None:
    assert described(value) == words


def test_long_lists_of_members_are_cut() -> None:
    assert described(list(range(99))).endswith("7: int, ...")


def test_members_are_found_by_name_or_index() -> None:
    assert members_of({"a": 1}) == {"a": 1}
    assert members_of([5, 6]) == {0: 5, 1: 6}
    assert members_of(Pair(1, 2)) == {"first": 1, "last": 2}
    assert members_of(MAP) is None
    assert members_of(Output) is None  # the class itself has no members


@pytest.mark.parametrize("choice", ["last", 1, "1", lambda output: output["last"]])
def test_a_member_is_chosen_by_name_index_or_function(choice) -> None:
    output = OrderedDict(first=1, last=2)
    assert chosen_member(output, choice) == 2


def test_a_choice_that_does_not_exist_lists_the_members() -> None:
    with pytest.raises(
        BaselineError, match="features='b': .*'a': float32.*features='a'"
    ):
        chosen_member({"a": MAP}, "b")
    with pytest.raises(BaselineError, match="features=2: .*0: float32"):
        chosen_member((MAP,), 2)
    with pytest.raises(BaselineError, match="got float32.*Omit features"):
        chosen_member(MAP, "a")


@pytest.mark.parametrize(
    "output",
    [
        torch.ones(4, 2),
        MAP,
        np.ones((4, 2), np.float32)[:, ::-1],
        np.ones((4, 2), np.int64),
        torch.ones(4, 2) > 0,
        quantised(torch.ones(4, 2)),
    ],
)
def test_real_numbers_for_each_image_are_features(output) -> None:
    features = feature_tensor(output, 4)
    assert len(features) == 4
    assert not features.is_quantized


@pytest.mark.parametrize(
    ("output", "got"),
    [
        (None, "None"),
        ((MAP,), r"a tuple with the members 0: float32 .*features=0.*--features 0"),
        ([MAP, MAP], "a list with the members 0: .*, 1: "),
        ({"x": MAP}, "a dict .*features='x'.*--features x"),
        (torch.ones(4), r"float32 \(4,\) for 4 images"),
        (torch.ones(()), r"float32 \(\)"),
        (torch.ones(2, 4), r"float32 \(2, 4\)"),
        (torch.ones(3, 2), r"float32 \(3, 2\)"),
        (torch.ones(4, 0), r"float32 \(4, 0\)"),
        (torch.ones(4, 2, dtype=torch.complex64), "complex64"),
        (np.ones((4, 2), complex), "complex128"),
        (np.full((4, 2), "a"), "<U1"),
        (torch.ones(4, 2, device="meta"), "float32"),
        (torch.ones(4, 2).to_sparse(), "float32"),
    ],
)
def test_other_outputs_are_refused_with_what_came(output, got: str) -> None:
    with pytest.raises(BaselineError, match=rf"shape \(4, d\), .*got {got}") as refused:
        feature_tensor(output, 4)
    assert "\n" not in str(refused.value)


def test_scores_may_be_tensors_arrays_and_lists() -> None:
    expected = np.array([[0.5, 1.0]])
    for scores in (
        torch.tensor(expected, requires_grad=True),
        torch.tensor(expected, dtype=torch.bfloat16),
        torch.tensor(expected).half(),
        expected,
        expected.tolist(),
    ):
        np.testing.assert_array_equal(score_array(scores), expected)


@pytest.mark.parametrize(
    ("scores", "got"),
    [
        (None, "None"),
        ((torch.ones(2, 2), 1.0), r"a tuple with the members 0: float32 \(2, 2\)"),
        ([[1], [1, 2]], "a list"),
        (np.ones((2, 2), complex), "complex128"),
        ([["a", "b"]], "a list"),
        ({"scores": 1}, "a dict"),
    ],
)
def test_other_scores_are_refused_with_what_came(scores, got: str) -> None:
    with pytest.raises(BaselineError, match=f"^scores must be .*got {got}"):
        score_array(scores)


def test_the_last_words_of_an_error_name_its_line() -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError as error:
        words = last_words(error)
    assert words.startswith("ValueError: two lines (")
    assert words.endswith(")")
    assert "test_outputs.py, line " in words
    assert last_words(ValueError("never raised")) == "ValueError: never raised"
