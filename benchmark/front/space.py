"""How much can be written, and where large temporary files belong."""

import errno
import os
import shutil
import tempfile
from pathlib import Path

# By convention on a disk, and for large files.
_LARGE_FILES = Path("/var/tmp")
# A full disk, a quota, and a limit on the size of files.
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def lacks_space(error: Exception) -> bool:
    """Whether a file cannot be written because of a full disk, a quota or a limit.

    Libraries that write files of their own, such as HDF5, do not tell.
    """
    number = getattr(error, "errno", None)
    return number is None or number in _NO_SPACE


def what_helps(error: Exception, advice: str) -> str:
    """Return the advice about a file that cannot be written; first of all more space."""
    return f"Free some space. {advice}" if lacks_space(error) else advice


def temporary_folder() -> Path:
    """Return the folder for large temporary files: TMPDIR if it is set, else /var/tmp.

    Some systems keep /tmp in memory.
    """
    is_named = bool(os.environ.get("TMPDIR"))
    if is_named or not os.access(_LARGE_FILES, os.W_OK):
        return Path(tempfile.gettempdir())
    return _LARGE_FILES


def require_space(folder: Path, needed: int, *, reserve: bool = True) -> None:
    """Check that `needed` bytes can be written in a folder.

    reserve: whether to allocate the space for a moment, if the system can. This also
        detects quotas and limits on the file size. It can be slow: without support from
        the file system, as on many network drives, every byte is written.
    Raises OSError (ENOSPC) if there is not enough space.
    """
    if shutil.disk_usage(folder).free < needed:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
    can_reserve = hasattr(os, "posix_fallocate")  # missing on macOS and Windows
    if reserve and needed and can_reserve:
        with tempfile.TemporaryFile(dir=folder) as file:
            _reserve(file.fileno(), needed)


def _reserve(descriptor: int, needed: int) -> None:
    try:
        os.posix_fallocate(descriptor, 0, needed)
    except OSError as error:
        # Some file systems cannot reserve space. There may still be enough space.
        if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
            raise
