"""A server that forks processes for tests, in which everything is imported already.

The process of the tests is not forked itself. It may have started threads, which a fork lacks,
and torch then refuses to compute gradients there.
"""

import multiprocessing
import os
from functools import cache
from typing import Any

import pytest

from fewbench_tests.paths import SUPPORT

CONTEXT = multiprocessing.get_context("forkserver")
_PRELOADED = ["fewbench_tests.stoppable_builds", "fewbench_tests.trainings"]


@cache
def start_server() -> None:
    """Start the server, unless it runs already."""
    CONTEXT.set_forkserver_preload(_PRELOADED)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(SUPPORT), prepend=os.pathsep)
        process: Any = CONTEXT.Process(target=int)
        process.start()
        process.join()
