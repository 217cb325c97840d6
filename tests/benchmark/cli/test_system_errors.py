"""Errors of the system in a sentence that is true."""

import errno
import io
import os

import pytest

from fewbench.benchmark.cli.system_errors import system_error_text

LIBRARY = "libgomp.so.1: cannot open shared object file: No such file or directory"


def of(number: int, name: str = "out") -> OSError:
    return OSError(number, os.strerror(number), name)


@pytest.mark.parametrize(
    ("error", "start", "end"),
    [
        (of(errno.ENOSPC), "out: No space left on device.", "another folder."),
        (of(errno.EACCES), "out: Permission denied.", "to use this one."),
        (of(errno.EISDIR), "out: expected a file, got a folder.", "another file."),
        (of(errno.ENOENT), "out: No such file", "Check the path."),
        (of(errno.EEXIST), "out: expected a folder, got a file.", "another folder."),
        (io.UnsupportedOperation("Not seekable."), "Not seekable. Check", "one."),
        (OSError(LIBRARY), "a library cannot be loaded: libgomp", "fewbench env"),
        (ImportError(LIBRARY), "a library cannot be loaded: libgomp", "fewbench env"),
        (MemoryError(), "not enough memory", "close other programs."),
        (
            RuntimeError("[enforce fail] can't allocate memory: 10 bytes\nlines"),
            "not enough memory ([enforce fail] can't allocate memory: 10 bytes)",
            "close other programs.",
        ),
    ],
)
def test_the_advice_fits_the_error(error: Exception, start: str, end: str) -> None:
    text = system_error_text(error)
    assert text is not None
    assert text.startswith(start)
    assert text.endswith(end)
    assert ("space" in text.removeprefix(start)) == (
        start == "out: No space left on device."
    )


@pytest.mark.parametrize("error", [RuntimeError("a bug"), ImportError("no name x")])
def test_an_error_of_the_program_is_none_of_the_system(error: Exception) -> None:
    assert system_error_text(error) is None
