"""Read and write the zip of a submission."""

import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from fewbench.errors import UserError
from fewbench.files import write_bytes

from ...datasets.archives.limits import Limits
from ...datasets.archives.tree import open_tree
from ...datasets.info import DataError
from .contents import is_allowed
from .findings import Finding, error

# Far more than the results of a paper need. A zip in git should be small anyway.
LIMITS = Limits(members=5_000, member_bytes=64 << 20, disk_bytes=1 << 30)
_LARGEST = 256 << 20
_MOST_UNPACKED = 1 << 30
_PACK_AGAIN = "Pack it again: fewbench submission pack"
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
_ORDINARY_FILE = 0o100644 << 16


def bundle_sha256(path: Path) -> str:
    """Return the SHA-256 of a bundle.

    Raises UserError if there is no such file, or if it is too large.
    """
    if not path.is_file():
        raise UserError(
            f"{path}: no such submission: expected a file that ends in .fewbench.zip, got "
            f"{'a folder' if path.is_dir() else 'no file'}. Check the path, or make one: "
            f"fewbench submission pack RESULT... --card submission.toml --out {path}"
        )
    size = path.stat().st_size
    if size > _LARGEST:
        raise UserError(
            f"{path}: cannot read the submission: expected at most {_LARGEST:,} bytes, got "
            f"{size:,}. Leave the checkpoints out, and give their addresses in the card"
        )
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class Unpacked:
    """The files of a bundle in a temporary folder.

    names: the names of the files in the folder, with "/", sorted
    findings: an error for each file that was left out
    """

    folder: Path
    names: list[str]
    findings: list[Finding]


@contextmanager
def unpacked(path: Path) -> Iterator[Unpacked]:
    """Unpack a bundle into a temporary folder, which is removed at the end.

    Files that cannot be read safely, or that a bundle cannot have, are left out.
    """
    with TemporaryDirectory(prefix="fewbench-submission-") as temporary:
        bundle = Unpacked(Path(temporary), [], [])
        try:
            _unpack(path, bundle)
        except DataError as refused:
            what = str(refused).removeprefix(f"{path}: ")
            bundle.findings.append(error("container", path.name, what, _PACK_AGAIN))
        yield bundle


def _unpack(path: Path, bundle: Unpacked) -> None:
    """Unpack the files of a bundle.

    Raises DataError if the bundle is no zip, or is unsafe or damaged.
    """
    if not zipfile.is_zipfile(path):
        raise DataError("it is no zip")
    left = _MOST_UNPACKED
    with open_tree(path, LIMITS) as tree:
        for name in tree.names():
            left -= tree.size(name)
            refused = _refused(name, bundle.names, left)
            if refused:
                bundle.findings.append(refused)
                continue
            target = bundle.folder / name
            target.parent.mkdir(exist_ok=True, parents=True)
            target.write_bytes(tree.read(name))
            bundle.names.append(name)


def _refused(name: str, earlier: list[str], left: int) -> Finding | None:
    """Return why a file is left out; None if it is not.

    earlier: the names of the files before it
    left: how many more bytes may be unpacked after it
    """
    if not is_allowed(name):
        advice = (
            "Leave it out; the guide about submissions lists what a bundle may hold"
        )
        return error("container-name", name, "a bundle has no such file", advice)
    if name.casefold() in map(str.casefold, earlier):
        what = "another file differs only in small and capital letters"
        return error("container-name", name, what, "Rename one of them")
    if left < 0:
        what = f"all files together have more than {_MOST_UNPACKED:,} bytes"
        return error("container-size", name, what, "Leave the checkpoints out")
    return None


def write_bundle(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a bundle. The same files give the same bytes, at any time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _FIXED_TIME)
            entry.external_attr = _ORDINARY_FILE
            entry.create_system = 3  # as on Linux, so that each system writes the same
            # An .npz or a checkpoint is hardly smaller when it is packed again.
            is_text = not name.endswith((".npz", ".safetensors"))
            method = zipfile.ZIP_DEFLATED if is_text else zipfile.ZIP_STORED
            archive.writestr(entry, files[name], method, 9)
    write_bytes(path, buffer.getvalue())
