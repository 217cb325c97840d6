"""Shares: each task belongs to exactly one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewbench.benchmark.cluster.share import ALL, Share
from fewbench.errors import UserError
from fewbench_tests.cheap_tasks import cheap_task


@given(total=st.integers(1, 50), flow=st.integers(0, 500), position=st.integers(0, 500))
def test_each_task_belongs_to_one_share(total: int, flow: int, position: int) -> None:
    shares = [Share(number, total) for number in range(total)]
    assert [share.has(flow, position) for share in shares].count(True) == 1


def test_trainings_are_spread() -> None:
    """Each is the only task of its batch."""
    second = Share(1, 3)
    assert [second.has(flow, 0) for flow in range(6)] == [False, True, False] * 2


def test_what_is_typed() -> None:
    assert Share.parse("1/3") == Share(0, 3)
    assert Share.parse("3/3") == Share(2, 3)
    assert Share.parse("1/1") == ALL


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "1/0", "a/b", "1/3\n", "-1/3", ""])
def test_another_text_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="type: --shard 1/3"):
        Share.parse(text)


def test_results_are_left_to_a_merge_if_there_are_several_shares() -> None:
    result = cheap_task("result", 0, 0)
    assert Share(0, 2).leaves_out(result)
    assert not ALL.leaves_out(result)
    assert not Share(0, 2).leaves_out(cheap_task("answers", 0, 0))
