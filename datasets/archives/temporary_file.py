"""Write unpacked data to a temporary file that has no name."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from fewbench.space import temporary_folder

from ..info import DataError
from .byte_ranges import ByteRange, SharedFile
from .refusals import reason_of


def write_temporary(
    chunks: Iterable[bytes], label: str, scratch: Path | None
) -> ByteRange:
    """Write the chunks to a temporary file, and return it as a byte range.

    The file has no name. The system deletes it when no range uses it any more.
    label: the data, as error messages name them
    scratch: folder for the temporary file; None for `temporary_folder`
    Raises DataError if the folder is full or cannot be written to.
    """
    folder = scratch or temporary_folder()
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            descriptor = os.dup(file.fileno())
            return SharedFile(descriptor).whole(label)
    except OSError as error:
        where = scratch or f"{folder} (see $TMPDIR)"
        raise DataError(
            f"{label}: cannot unpack it: expected free space in {where}, "
            f"got {reason_of(error)}. Make room there, or unpack it yourself and give "
            f"the folder instead."
        ) from error
