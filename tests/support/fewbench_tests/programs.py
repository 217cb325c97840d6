"""Programs that some tests drive. Where they are missing those tests say so and skip, unless the
environment demands them: CI sets FEWBENCH_TEST_TOOLS=required."""

import os
import shutil

import pytest


def program(*names: str, install: str) -> str:
    """The path of the first of these programs that is installed."""
    for name in names:
        if found := shutil.which(name):
            return found
    raise missing(f"needs {names[0]}: {install}")


def missing(reason: str) -> BaseException:
    """What to raise in place of a module of tests."""
    if os.environ.get("FEWBENCH_TEST_TOOLS") == "required":
        return RuntimeError(f"FEWBENCH_TEST_TOOLS=required: {reason}")
    # The exception of pytest.skip(), for `raise ... from` where an import failed.
    return pytest.skip.Exception(reason, allow_module_level=True)
