"""Unpacked data in a temporary file that has no name."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from ..info import DataError
from .byte_ranges import ByteRange, SharedFile
from .refusals import reason_of


def write_temporary(
    chunks: Iterable[bytes], label: str, scratch: Path | None
) -> ByteRange:
    """The chunks in a temporary file without a name, which goes when the range goes.

    scratch: folder of the temporary file; None: the system's choice
    Raises DataError when that folder has no room or cannot be written.
    """
    try:
        with tempfile.TemporaryFile(dir=scratch) as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            descriptor = os.dup(file.fileno())
            return SharedFile(descriptor).whole(label)
    except OSError as error:
        where = scratch or "the system's folder for temporary files (see $TMPDIR)"
        raise DataError(
            f"{label}: cannot unpack it: expected room in {where}, "
            f"got {reason_of(error)}. Make room there, or unpack it yourself and give "
            f"the folder instead."
        ) from error
