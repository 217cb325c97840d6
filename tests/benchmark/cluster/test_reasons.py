"""Why an attempt at a task failed, in one sentence."""

import errno
import os

import pytest

from fewbench.benchmark.cluster.reasons import how_it_died, reason_of
from fewbench.errors import UserError


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (UserError("no such", "image"), "no such image"),
        (MemoryError(), "out of memory"),
        (RuntimeError("[a.cpp] can't allocate memory: 9"), "out of memory: [a.cpp]"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "there is no space left"),
        (OSError(errno.EFBIG, os.strerror(errno.EFBIG)), "there is no space left"),
        (ValueError(), "ValueError"),
    ],
)
def test_reasons_are_one_sentence(error: Exception, reason: str) -> None:
    text = reason_of(error)
    assert text.startswith(reason)
    assert "\n" not in text


@pytest.mark.parametrize(
    ("exit_code", "text"),
    [
        (-9, "its process was killed by SIGKILL, often because memory ran out"),
        (-11, "its process was ended by SIGSEGV"),
        (143, "its process was asked to end by SIGTERM"),
        (1, "its process ended with exit code 1"),
        (None, "its process ended"),
    ],
)
def test_how_a_process_died(exit_code: int | None, text: str) -> None:
    assert how_it_died(exit_code) == text
