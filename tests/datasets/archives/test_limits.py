"""Each limit allows its bound and refuses one more."""

import pytest

from fewbench.datasets.archives.limits import Limits
from fewbench.datasets.info import DataError

LIMITS = Limits(members=3, member_bytes=1000, disk_bytes=2000, ratio=10)


def test_count() -> None:
    LIMITS.check_count("a.zip", 3)
    with pytest.raises(DataError, match=r"a\.zip: .*at most 3 files, got 4 or more\. "):
        LIMITS.check_count("a.zip", 4)
    with pytest.raises(DataError, match=r"got 4 or more\. Give another\.$"):
        LIMITS.check_count("a.zip", 4, "Give another.")


def test_read() -> None:
    LIMITS.check_read("a.zip", "b.png", 1000)
    with pytest.raises(DataError, match="'b.png': expected at most 1,000 .*got 1,001"):
        LIMITS.check_read("a.zip", "b.png", 1001)


def test_disk() -> None:
    LIMITS.check_disk("a.zip", "it", 2000)
    with pytest.raises(DataError, match="read it: .*at most 2,000 bytes, got 2,001"):
        LIMITS.check_disk("a.zip", "it", 2001)


def test_ratio() -> None:
    LIMITS.check_ratio("a.zip", "it", 2**20, 0)  # too small to be harmful
    LIMITS.check_ratio("a.zip", "it", 10 * 2**20, 2**20)
    with pytest.raises(DataError, match="at most 10 times the packed 1,048,576 bytes"):
        LIMITS.check_ratio("a.zip", "it", 10 * 2**20 + 1, 2**20)
