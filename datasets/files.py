"""TODO docstring of fewbench.datasets.files."""

import ctypes
import hashlib
import os
import shutil
from pathlib import Path

from .archives.limits import NEXT, in_words
from .info import DataError


def file_digest(path: Path, algorithm: str) -> str:
    """Hexadecimal checksum of a file, e.g. its 'md5'. Raises DataError when it cannot be read."""
    try:
        with path.open("rb") as file:
            # These checksums find accidents; without saying so, FIPS machines refuse md5.
            digest = hashlib.file_digest(
                file, lambda: hashlib.new(algorithm, usedforsecurity=False)
            )
    except OSError as error:
        raise DataError(
            f"{path}: cannot compute its {algorithm}: expected a readable file, "
            f"got {in_words(error)}. {NEXT}"
        ) from error
    return digest.hexdigest()


def replace_folder(finished: Path, folder: Path) -> None:
    """Give a finished build its name; whoever reads meanwhile meets the old one or the new.

    Where the system cannot exchange two folders in one step, for a moment there is none.
    """
    old = folder.with_name(f"{folder.name}.old.partial")
    if folder.exists() and _exchange(finished, folder):
        shutil.rmtree(finished, ignore_errors=True)
        return
    if folder.exists():
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
    finished.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Give each folder the name of the other, as Linux can; False when that failed."""
    try:
        renameat2 = ctypes.CDLL(None).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return renameat2(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0


def write_text(path: Path, text: str) -> None:
    """Write a small file so that it is there either wholly or not at all."""
    unfinished = path.with_name(f"{path.name}.partial")
    unfinished.write_text(text, encoding="utf-8")
    os.replace(unfinished, path)
