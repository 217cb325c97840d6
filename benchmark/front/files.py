"""Write files completely or not at all. Check space before writing."""

import errno
import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from .errors import UserError


def write_bytes(path: Path, data: bytes, *, durable: bool = False) -> Path:
    """Write a file completely or not at all. Return its path.

    The bytes are written to `<name>.partial`, which is then renamed. A missing folder
    is created.
    durable: whether to wait until the bytes are on the disk and survive a power cut
    Raises OSError if the disk is full or read-only. The partial file is then removed.
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
        # A full-disk error names no file, and a rename error names the partial file.
        error.filename = str(path)
        raise
    return path


def write_text(path: Path, text: str, *, durable: bool = False) -> Path:
    r"""Write text as UTF-8 with `write_bytes`. Line ends are "\n" on every platform."""
    return write_bytes(path, text.encode(), durable=durable)


def write_json(path: Path, document: dict[str, Any], *, durable: bool = False) -> Path:
    """Write an indented JSON document with sorted keys, using `write_bytes`.

    Raises ValueError if the document contains NaN or infinity.
    """
    text = json.dumps(document, indent=2, sort_keys=True, allow_nan=False)
    return write_text(path, text + "\n", durable=durable)


def home_path(path: Path | str, where: str) -> Path:
    """Return a path with the user's home folder in place of ~.

    where: the option or the variable that holds the path, for the error
    Raises UserError if the path begins with the name of an unknown user, as ~nobody/x.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise UserError(
            f"{where}: expected a folder, got {path}, but there is no user of this name. "
            f"Write the whole path, such as /home/name/data, or ./{path}"
        ) from error


def file_digest(path: Path, algorithm: str) -> str:
    """Return the hexadecimal checksum of a file.

    algorithm: the name of a hash function in hashlib, such as "sha256"
    Raises OSError if the file cannot be read.
    """
    with path.open("rb") as file:
        # These checksums detect damage, not attacks. FIPS systems allow md5 only with
        # usedforsecurity=False.
        digest = hashlib.file_digest(
            file, lambda: hashlib.new(algorithm, usedforsecurity=False)
        )
    return digest.hexdigest()


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
