"""Files that appear whole or not at all, and what is asked before they are written."""

import errno
import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_log = logging.getLogger(__name__)


def write_bytes(path: Path, data: bytes, *, durable: bool = False) -> Path:
    """Write a file so that nobody ever finds half of it; its path.

    The bytes go to `<name>.partial` first, which is then renamed. The folder is made if
    it is missing.
    durable: wait until the bytes are on the disk, so that they survive a power cut too
    Raises OSError (disk full, read-only) after removing the partial file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    try:
        with partial.open("wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        # A full disk names no file, and a failed rename names the partial one.
        error.filename = str(path)
        raise
    return path


def write_text(path: Path, text: str, *, durable: bool = False) -> Path:
    r"""Write text as `write_bytes` does: UTF-8, and "\n" on every platform."""
    return write_bytes(path, text.encode(), durable=durable)


def write_json(path: Path, document: dict[str, Any], *, durable: bool = False) -> Path:
    """Write a document as `write_bytes` does: indented, with sorted keys, without NaN."""
    text = json.dumps(document, indent=2, sort_keys=True, allow_nan=False)
    return write_text(path, text + "\n", durable=durable)


def file_digest(path: Path, algorithm: str) -> str:
    """Hexadecimal checksum of a file, such as its "sha256". Raises OSError."""
    with path.open("rb") as file:
        # These checksums find accidents. Without saying so, FIPS machines refuse md5.
        digest = hashlib.file_digest(
            file, lambda: hashlib.new(algorithm, usedforsecurity=False)
        )
    return digest.hexdigest()


@contextmanager
def exclusive(lock: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold a lock file while the block runs, so that one process does the work at a time.

    The lock dies with its process, so a killed one leaves nothing to clean up.
    wait: whether to wait until the lock is free
    Raises BlockingIOError when another process holds it.
    """
    with lock.open("w") as file:
        try:
            import fcntl  # which Windows lacks: nothing is locked there

            mode = fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB
            fcntl.flock(file, mode)
        except BlockingIOError:
            raise
        except (ImportError, OSError):
            # Some network file systems have no locks either.
            _log.info("%s: cannot be locked here", lock)
        yield


def require_space(folder: Path, needed: int, *, reserve: bool = True) -> None:
    """Check that `needed` bytes can be written in a folder. Raises OSError (ENOSPC).

    reserve: whether to allocate the space for a moment, where the system can. This also
        finds quotas and limits on the size of a file. It can be slow: a file system that
        cannot reserve space, as on many networks, writes every byte.
    """
    if shutil.disk_usage(folder).free < needed:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
    can_reserve = hasattr(os, "posix_fallocate")  # which macOS and Windows lack
    if reserve and needed and can_reserve:
        with tempfile.TemporaryFile(dir=folder) as file:
            _reserve(file.fileno(), needed)


def _reserve(descriptor: int, needed: int) -> None:
    try:
        os.posix_fallocate(descriptor, 0, needed)
    except OSError as error:
        # Some file systems cannot reserve space, which says nothing about the space.
        if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
            raise
