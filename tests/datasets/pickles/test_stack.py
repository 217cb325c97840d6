"""The stack of values, and the marks in it."""

import pytest

from fewbench.datasets.pickles.errors import Unexpected
from fewbench.datasets.pickles.stack import Stack


@pytest.fixture
def stack() -> Stack:
    """1, a mark, 2, 3"""
    stack = Stack()
    stack.push(1)
    stack.mark()
    stack.push(2)
    stack.push(3)
    return stack


def test_values_are_taken_in_the_order_of_pushing(stack: Stack) -> None:
    stack.duplicate()

    assert stack.take() == 3
    assert stack.take_many(2) == [2, 3]
    assert stack.top() == 1


def test_values_are_taken_down_to_the_mark(stack: Stack) -> None:
    assert stack.take_to_mark() == [2, 3]
    assert stack.values == [1]


def test_pop_removes_a_value_or_a_mark(stack: Stack) -> None:
    for _ in range(3):
        stack.pop()

    assert stack.values == [1]
    with pytest.raises(Unexpected, match="a mark"):
        stack.take_to_mark()


def test_pop_mark_forgets_what_is_above(stack: Stack) -> None:
    stack.pop_mark()

    assert stack.values == [1]


def test_what_is_not_there_is_refused(stack: Stack) -> None:
    with pytest.raises(Unexpected, match="4 or more values on the stack"):
        stack.take_many(4)
    stack.take_many(3)
    for ask in (stack.top, stack.take, stack.pop, stack.take_to_mark):
        with pytest.raises(Unexpected):
            ask()


def test_marks_are_bounded(stack: Stack) -> None:
    for _ in range(2**10 - 1):
        stack.mark()
    with pytest.raises(Unexpected, match="1,024 marks"):
        stack.mark()
