"""Processes that compute side by side share the cores."""

import os

import pytest
import torch

from fewbench.baselines.device.threads import one_thread, shared_threads


@pytest.fixture(autouse=True)
def four_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


def cores(monkeypatch: pytest.MonkeyPatch, n: int) -> None:
    if hasattr(os, "sched_getaffinity"):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(n)))
    else:
        monkeypatch.setattr(os, "cpu_count", lambda: n)


@pytest.mark.parametrize(
    ("n_cores", "n_processes", "expected"),
    [(8, 4, 2), (8, 3, 2), (2, 4, 1), (64, 2, 4), (2, 1, 4)],
)
def test_a_process_gets_its_share(
    monkeypatch: pytest.MonkeyPatch, n_cores: int, n_processes: int, expected: int
) -> None:
    cores(monkeypatch, n_cores)

    with shared_threads(n_processes):
        assert torch.get_num_threads() == expected

    assert torch.get_num_threads() == 4


def test_the_threads_are_given_back_after_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cores(monkeypatch, 2)

    with pytest.raises(KeyError), shared_threads(2):
        raise KeyError

    assert torch.get_num_threads() == 4


def test_one_thread_is_for_a_block_alone() -> None:
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 4
