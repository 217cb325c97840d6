"""Each executor has what the scheduler needs, with the same parameters."""

import inspect

import pytest

from fewbench.benchmark.cluster.executor import Executor
from fewbench.benchmark.cluster.on_ray import RayCluster
from fewbench.benchmark.cluster.pool import ProcessPool
from fewbench_tests.cheap_tasks import InProcess


@pytest.mark.parametrize("kind", [ProcessPool, RayCluster, InProcess])
def test_an_executor_has_what_the_scheduler_needs(kind: type[Executor]) -> None:
    for name in ("submit", "finished"):
        expected = inspect.signature(getattr(Executor, name))
        assert inspect.signature(getattr(kind, name)) == expected
    assert hasattr(kind, "__exit__")
