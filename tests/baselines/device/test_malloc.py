import subprocess
import sys

import pytest

from fewbench.baselines.device.malloc import is_enough

GIB = 2**30


@pytest.mark.parametrize(
    ("available", "expected"),
    [
        (10 * GIB, True),
        (64 * GIB, True),
        (10 * GIB - 1, False),
        (0, False),
        (None, False),
    ],
)
def test_memory_is_kept_only_where_ten_gibibytes_are_available(
    available: int | None, expected: bool
) -> None:
    assert is_enough(available) is expected


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


linux_only = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="resident memory: Linux only"
)


@linux_only
@pytest.mark.parametrize("available", [64 * GIB, 1 * GIB])
def test_a_large_freed_block_stays_only_where_memory_is_kept(available: int) -> None:
    code = KEPT.format(available=available)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    is_kept = int(done.stdout) > 100 * 2**20
    assert is_kept == (available == 64 * GIB)


SHORT = """
import fewbench.baselines.device.malloc as malloc
available = 64 * 2**30
malloc.available_bytes = lambda: available
malloc._SECONDS_BETWEEN_LOOKS = 0

def kept():
    with open("/proc/self/statm") as file:
        before = int(file.read().split()[1])
    block = bytearray(200 * 2**20)
    del block
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) - before > 100 * 2**20 // 4096

with malloc.KeptBlocks() as blocks:
    blocks.give_back_if_short()
    print(kept())
    available = 2**30
    blocks.give_back_if_short()
    print(kept())
    available = 64 * 2**30
    blocks.give_back_if_short()
    print(kept())
with malloc.KeptBlocks():
    print(kept())
print(kept())
"""


@linux_only
def test_blocks_are_given_back_where_memory_is_short_and_at_the_end() -> None:
    done = subprocess.run([sys.executable, "-c", SHORT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["True", "False", "False", "True", "False"]
