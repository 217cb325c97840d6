import subprocess
import sys

import pytest

from fewbench.baselines.device.malloc import (
    available_bytes,
    is_enough,
    parse_meminfo,
)

GIB = 2**30


@pytest.mark.parametrize(
    ("available", "expected"),
    [
        (8 * GIB, True),
        (64 * GIB, True),
        (8 * GIB - 1, False),
        (0, False),
        (None, False),
    ],
)
def test_memory_is_kept_only_where_eight_gibibytes_are_available(
    available: int | None, expected: bool
) -> None:
    assert is_enough(available) is expected


def test_the_available_memory_is_read_from_its_line() -> None:
    lines = ["MemTotal:  16000000 kB", "MemAvailable:   12345 kB", "Cached: 1 kB"]
    assert parse_meminfo("\n".join(lines)) == 12345 * 1024
    assert parse_meminfo(lines[0]) is None


def test_this_machine_has_some_memory_or_does_not_tell() -> None:
    available = available_bytes()
    if sys.platform.startswith("linux"):
        assert available is not None
        assert available > 2**20
    else:
        assert available is None


KEPT = """
import fewbench.baselines.device.malloc as malloc
malloc.available_bytes = lambda: {available}
malloc.keep_large_blocks()

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

before = resident()
block = bytearray(200 * 2**20)
del block
print(resident() - before)
"""


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="resident memory: Linux only"
)
@pytest.mark.parametrize("available", [64 * GIB, 1 * GIB])
def test_a_large_freed_block_stays_only_where_memory_is_kept(available: int) -> None:
    code = KEPT.format(available=available)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    is_kept = int(done.stdout) > 100 * 2**20
    assert is_kept == (available == 64 * GIB)
