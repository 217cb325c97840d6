"""The error that refuses a source: one line with place, facts and advice."""

import errno
import zlib

import pytest

from fewbench.datasets.archives.refusals import (
    damage_refusal,
    is_system_error,
    reason_of,
    refusal,
)

NOT_THERE = FileNotFoundError(errno.ENOENT, "No such file or directory", "/a/b")


def test_a_refusal_names_place_facts_and_advice() -> None:
    error = refusal("a.zip", "'b.png'", expected="a file", got="a link")

    assert str(error) == (
        "a.zip: cannot read 'b.png': expected a file, got a link. Download it again."
    )


def test_the_advice_fits_the_cause() -> None:
    damaged = damage_refusal("a.gz", "it", "an intact file", zlib.error("bad block"))
    missing = damage_refusal("a.gz", "it", "an intact file", NOT_THERE)

    assert str(damaged).endswith("got bad block. Download it again.")
    assert "got No such file or directory. Check that it exists" in str(missing)


@pytest.mark.parametrize(
    ("error", "reason", "is_system"),
    [
        (NOT_THERE, "No such file or directory", True),
        (OSError("not a gzip file"), "not a gzip file", False),
        (ValueError("bad"), "bad", False),
        (EOFError(), "EOFError", False),
    ],
)
def test_the_reason_has_no_type_and_no_path(
    error: Exception, reason: str, is_system: bool
) -> None:
    assert reason_of(error) == reason
    assert is_system_error(error) == is_system
