"""The errors for a source that cannot be read, and the exceptions that mean damage."""

import lzma
import struct
import zipfile
import zlib

from fewbench.documents import shown

from ..info import DataError

DOWNLOAD_AGAIN = "Download it again."
UNPACK_YOURSELF = "Unpack it yourself and give the folder instead."
CHECK_ACCESS = "Check that it exists and that you may read it."
RUN_AGAIN = "Run the command again."

# The readers in the standard library raise any of these if bytes are damaged.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)


def refusal(
    label: str,
    what: str,
    *,
    expected: str,
    got: str,
    advice: str = DOWNLOAD_AGAIN,
) -> DataError:
    """Return an error that says what cannot be read, why, and what to do next.

    label: the source
    what: the file or part of the source that cannot be read
    """
    where = shown(label, 400)
    part = shown(what, 400)
    return DataError(
        f"{where}: cannot read {part}: expected {expected}, got {got}. {advice}"
    )


def damage_refusal(label: str, what: str, expected: str, error: Exception) -> DataError:
    """Return a DataError that explains an `error` whose type is in DAMAGE.

    The advice fits the cause of the error. The other arguments are as in `refusal`.
    """
    advice = CHECK_ACCESS if is_system_error(error) else DOWNLOAD_AGAIN
    return refusal(
        label,
        what,
        expected=expected,
        got=reason_of(error),
        advice=advice,
    )


def is_system_error(error: Exception) -> bool:
    """Return whether an error whose type is in DAMAGE comes from the operating system.

    Otherwise the bytes are damaged.
    """
    if isinstance(error, OSError):
        return error.errno is not None
    return False


def reason_of(error: Exception) -> str:
    """Return the message of an error: for an OSError, the reason without a path."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
