"""Read the bytes of a submission once, so that what is hashed is what is used."""

import hashlib
import shlex
from pathlib import Path

from fewbench.errors import UserError
from fewbench.files import open_file

from .contents import SUFFIX

# A zip in git should be small.
_LARGEST = 256 << 20


def bundle_sha256(path: Path) -> str:
    """Return the SHA-256 of a bundle. Raises UserError as `read_bundle` does."""
    return hashlib.sha256(read_bundle(path)).hexdigest()


def read_bundle(path: Path) -> bytes:
    """Read the bytes of a bundle, once: it may be replaced at any moment.

    Raises UserError if there is no such file, or if it is too large.
    """
    if not path.is_file():
        name = path.name.removesuffix(SUFFIX) + SUFFIX
        out = shlex.quote(str(path.with_name(name)))
        raise UserError(
            f"{path}: no such submission: expected a file that ends in .fewbench.zip, got "
            f"{'a folder' if path.is_dir() else 'no file'}. Check the path, or make one: "
            f"fewbench submission pack RESULT... --card submission.toml --out {out}"
        )
    size = path.stat().st_size
    data = b""
    if size <= _LARGEST:
        with open_file(path) as file:
            data = file.read(_LARGEST + 1)
    size = max(size, len(data))  # it may have grown meanwhile
    if size > _LARGEST:
        raise UserError(
            f"{path}: cannot read the submission: expected at most {_LARGEST:,} bytes, got "
            f"{size:,}. Leave the checkpoints out, and give their addresses in the card"
        )
    return data


def changed_meanwhile(path: Path, sha256: str) -> UserError:
    """Return the error for a bundle that is no longer the one that was checked.

    sha256: that of the bundle that was checked
    """
    return UserError(
        f"{path}: changed while it was checked: expected sha256 {sha256}, got another "
        f"one. Type the same command again"
    )
