"""How a source is refused: the error text, the advice in it, and what counts as damage."""

import lzma
import struct
import zipfile
import zlib

from ..info import DataError

DOWNLOAD_AGAIN = "Download it again."
UNPACK_YOURSELF = "Unpack it yourself and give the folder instead."
CHECK_ACCESS = "Check that it exists and that you may read it."
RUN_AGAIN = "Run the command again."

# The standard library's readers raise any of these on damaged bytes.
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
    """The error that says what of `label` cannot be read, why, and what to do."""
    return DataError(
        f"{label}: cannot read {what}: expected {expected}, got {got}. {advice}"
    )


def damage_refusal(label: str, what: str, expected: str, error: Exception) -> DataError:
    """The refusal for one of DAMAGE, with the advice that fits its cause."""
    advice = CHECK_ACCESS if is_system_error(error) else DOWNLOAD_AGAIN
    return refusal(
        label,
        what,
        expected=expected,
        got=reason_of(error),
        advice=advice,
    )


def is_system_error(error: Exception) -> bool:
    """Whether the operating system refused something; else the bytes are damaged."""
    if isinstance(error, OSError):
        return error.errno is not None
    return False


def reason_of(error: Exception) -> str:
    """The reason of an error, without its type, and without paths where possible."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
