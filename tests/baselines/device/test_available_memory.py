import sys
from pathlib import Path

import pytest

from fewbench.baselines.device.available_memory import available_bytes, parse_meminfo

linux_only = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="memory: Linux only"
)
GIB = 2**30
UNLIMITED = str(2**63 - 4096)


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine with 16 GiB of available memory, and no control groups."""
    write(tmp_path, "proc/meminfo", f"MemAvailable: {16 * 2**20} kB\n")
    return tmp_path


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


@linux_only
def test_without_control_groups_the_machine_counts(root: Path) -> None:
    assert available_bytes(root) == 16 * GIB


@linux_only
@pytest.mark.parametrize(
    ("limit", "expected"),
    [(str(6 * GIB), 3 * GIB), ("max", 16 * GIB), (str(GIB), 0)],
)
def test_the_limit_of_a_group_counts_without_its_cached_files(
    root: Path, limit: str, expected: int
) -> None:
    """The group uses 4 GiB, of which 1 GiB are cached files."""
    write(root, "proc/self/cgroup", "0::/a/b\n")
    group = "sys/fs/cgroup/a/b"
    write(root, f"{group}/memory.max", f"{limit}\n")
    write(root, f"{group}/memory.current", f"{4 * GIB}\n")
    statistics = f"anon 1\ninactive_file {GIB}\nactive_file 0\n"
    write(root, f"{group}/memory.stat", statistics)
    assert available_bytes(root) == expected


@linux_only
@pytest.mark.parametrize("limited", ["job/step", "job", "."])
def test_a_limit_of_an_outer_group_counts_in_version_1(
    root: Path, limited: str
) -> None:
    write(root, "proc/self/cgroup", "5:cpu:/x\n4:hugetlb,memory:/job/step\n")
    for place in ("job/step", "job", "."):
        group = f"sys/fs/cgroup/memory/{place}"
        limit = str(8 * GIB) if place == limited else UNLIMITED
        write(root, f"{group}/memory.limit_in_bytes", limit)
        write(root, f"{group}/memory.usage_in_bytes", str(7 * GIB))
        statistics = f"inactive_file 0\ntotal_inactive_file {GIB}\n"
        write(root, f"{group}/memory.stat", statistics)
    assert available_bytes(root) == 2 * GIB
