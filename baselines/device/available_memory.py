"""How much memory a process can still use: of the machine, and of its control groups.

Containers and batch systems limit the memory of a control group (cgroup). A process that
exceeds the limit is killed, however much memory the machine has.
"""

import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_MEMINFO = Path("proc/meminfo")
_MEMBERSHIP = Path("proc/self/cgroup")
_CGROUPS = Path("sys/fs/cgroup")
# Files of a control group with its limit and its usage, in bytes.
_LIMIT_AND_USAGE = (
    ("memory.max", "memory.current"),  # version 2
    ("memory.limit_in_bytes", "memory.usage_in_bytes"),  # version 1
)
# Pages of files, which the kernel drops when memory is needed.
_DROPPABLE = ("inactive_file", "active_file")


def available_bytes(root: Path = Path("/")) -> int | None:
    """Return the bytes of memory that this process can use without swapping.

    root: the root of the file system
    Return None if the system is not Linux or does not report this number.
    """
    if not sys.platform.startswith("linux"):
        return None
    try:
        text = (root / _MEMINFO).read_text(encoding="ascii")
    except OSError:
        return None
    of_machine = parse_meminfo(text)
    if of_machine is None:
        return None
    of_groups = [_left_in(group) for group in _groups(root)]
    return min(
        of_machine, *(left for left in of_groups if left is not None), of_machine
    )


def parse_meminfo(text: str) -> int | None:
    """Return the bytes in the line "MemAvailable: N kB" of /proc/meminfo.

    Return None if there is no such line.
    """
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            kibibytes, _unit = value.split()
            return int(kibibytes) * 1024
    return None


def _groups(root: Path) -> Iterator[Path]:
    """Yield the folders of the control groups that limit this process's memory."""
    try:
        text = (root / _MEMBERSHIP).read_text(encoding="utf-8")
    except OSError:
        return
    for line in text.splitlines():
        _number, controllers, path = line.split(":", 2)
        is_version_2 = controllers == ""
        if not is_version_2 and "memory" not in controllers.split(","):
            continue
        base = root / _CGROUPS
        if not is_version_2:
            base /= "memory"
        place = PurePosixPath(path.lstrip("/"))
        # A limit holds for all groups below. In a container, the path may be that of the
        # machine, and only its end or nothing of it exists.
        for group in (place, *place.parents):
            yield base / group


def _left_in(group: Path) -> int | None:
    """Return the bytes that a control group can still use; None if it has no limit."""
    for limit_file, usage_file in _LIMIT_AND_USAGE:
        try:
            limit = (group / limit_file).read_text(encoding="ascii").strip()
            usage = (group / usage_file).read_text(encoding="ascii").strip()
            statistics = (group / "memory.stat").read_text(encoding="ascii")
        except OSError:
            continue
        if limit.isdecimal() and usage.isdecimal():
            return max(0, int(limit) - int(usage) + _droppable(statistics))
    return None


def _droppable(statistics: str) -> int:
    """Return the bytes of cached files in the text of memory.stat."""
    values = {}
    for line in statistics.splitlines():
        name, _, value = line.partition(" ")
        values[name] = int(value)
    total = 0
    for name in _DROPPABLE:
        # In version 1, only the "total" includes the groups below.
        total += values.get(f"total_{name}", values.get(name, 0))
    return total
