"""A pytest plugin that measures the processor time of each test file, children included.

    CPU_SECONDS=cpu pytest -n 2 --dist loadfile -p fewbench_tests.cpu_seconds
    python tests/support/fewbench_tests/cpu_seconds.py cpu.*.json

The second command prints the total, and the files that belong into tests/slow.txt.
"""

import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

SLOW = 1.0
_seconds: defaultdict[str, float] = defaultdict(float)


def spent() -> float:
    """Return the processor time of this process and of the children it waited for."""
    times = os.times()
    own = times.user + times.system
    return own + times.children_user + times.children_system


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    before = spent()
    yield
    _seconds[item.nodeid.partition("::")[0]] += spent() - before


def pytest_sessionfinish() -> None:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    path = Path(f"{os.environ['CPU_SECONDS']}.{worker}.json")
    path.write_text(json.dumps({"total": spent(), "files": _seconds}))


def main(paths: list[str]) -> None:
    total = 0.0
    files: defaultdict[str, float] = defaultdict(float)
    for path in paths:
        measured = json.loads(Path(path).read_text())
        total += measured["total"]
        for file, seconds in measured["files"].items():
            files[file] += seconds
    slow = sorted(file for file, seconds in files.items() if seconds >= SLOW)
    sys.stdout.write("\n".join(slow) + "\n")
    sys.stderr.write(f"{total:.0f} CPU seconds in all\n")


if __name__ == "__main__":
    main(sys.argv[1:])
