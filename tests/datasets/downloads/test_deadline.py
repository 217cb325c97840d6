import threading

import pytest

from fewbench.datasets.downloads.deadline import within


def test_work_that_ends_in_time_gives_its_value_or_its_error() -> None:
    assert within(10, lambda: 5) == 5
    with pytest.raises(ZeroDivisionError):
        within(10, lambda: 1 // 0)


def test_work_that_does_not_end_is_left_alone() -> None:
    ended = threading.Event()
    with pytest.raises(TimeoutError):
        within(0.05, ended.wait)
    ended.set()
