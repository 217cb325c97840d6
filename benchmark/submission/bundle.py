"""Read and write the zip of a submission."""

import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fewbench.files import write_bytes
from fewbench.folders import temporary_directory

from ...datasets.archives.limits import Limits
from ...datasets.archives.refusals import CHECK_ACCESS, DOWNLOAD_AGAIN, UNPACK_YOURSELF
from ...datasets.archives.safe_names import hidden
from ...datasets.archives.tree import open_tree
from ...datasets.info import DataError
from .bundle_bytes import read_bundle
from .contents import DOCUMENT, is_allowed, is_text
from .findings import Finding, error

# Far more than the results of a paper need.
LIMITS = Limits(members=5_000, member_bytes=64 << 20, disk_bytes=1 << 30)
_MOST_UNPACKED = 1 << 30
# JSON takes many times its size in memory.
_LARGEST_DOCUMENT = 1 << 20
_LARGEST_TEXT = 4 << 20
_MOST_TEXT = 32 << 20
# Equal answers can be packed to a thousandth of their size.
_ARRAY_LIMITS = Limits(members=16, disk_bytes=1 << 30, ratio=1100)
_MOST_ARRAYS = 256 << 20
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")  # of a zip with files, and of an empty one
_PACK_AGAIN = "Pack it again: fewbench submission pack"
_SMALLER = "Use fewer episodes, and leave out what a board does not need"
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
_ORDINARY_FILE = 0o100644 << 16


@dataclass(frozen=True)
class Unpacked:
    """The files of a bundle in a temporary folder.

    sha256: the SHA-256 of the bytes that these files come from
    names: the names of the files in the folder, with "/", sorted
    findings: an error for each file that was left out
    """

    folder: Path
    sha256: str
    names: list[str]
    findings: list[Finding]


@contextmanager
def unpacked(path: Path) -> Iterator[Unpacked]:
    """Unpack a bundle into a temporary folder, which is removed at the end.

    The bundle may be replaced at any moment, so it is read once: what is hashed and what
    is unpacked is a copy. Files that cannot be read safely, or that a bundle cannot have,
    are left out.
    Raises UserError if there is no such file, or if it is too large.
    """
    with temporary_directory("fewbench-submission-") as temporary:
        folder = temporary / "files"
        folder.mkdir()
        copy = temporary / "copy"
        data = read_bundle(path)
        sha256 = hashlib.sha256(data).hexdigest()
        copy.write_bytes(data)
        del data  # it may be large
        bundle = Unpacked(folder, sha256, [], [])
        try:
            _unpack(copy, bundle)
        except DataError as refused:
            what = _reason(refused, copy)
            bundle.findings.append(error("container", path.name, what, _PACK_AGAIN))
        yield bundle


def _unpack(path: Path, bundle: Unpacked) -> None:
    """Unpack the files of a bundle.

    Raises DataError if the bundle is no zip, or is unsafe or damaged.
    """
    with path.open("rb") as file:
        if file.read(4) not in _ZIP_STARTS:
            raise DataError("it is no zip")
    room = _Room()
    with open_tree(path, LIMITS) as tree:
        for name in tree.names():
            try:
                refused = room.refuse(name, tree.size(name))
                if refused is None:
                    refused = _write(bundle, name, tree.read(name), room)
            except DataError as damage:
                what = _reason(damage, path)
                refused = error("container", name, what, _PACK_AGAIN)
            if refused:
                bundle.findings.append(refused)
    bundle.findings.extend(_hidden_files(path))


class _Room:
    """How much more may be unpacked, and which names were there already."""

    def __init__(self) -> None:
        self._files = _MOST_UNPACKED
        self._text = _MOST_TEXT
        self._arrays = _MOST_ARRAYS
        self._names: set[str] = set()

    def refuse(self, name: str, size: int) -> Finding | None:
        """Take room for a file. Return why it is left out; None if it is not."""
        if not is_allowed(name):
            what = "a bundle has no file of this name"
            return error("container-name", name, what, "Leave it out")
        if name.casefold() in self._names:
            what = "another file differs only in small and capital letters"
            return error("container-name", name, what, "Rename one of them")
        self._names.add(name.casefold())
        self._files -= size
        if self._files < 0:
            return _too_much(name, "files", _MOST_UNPACKED, "Leave the checkpoints out")
        return self._refuse_text(name, size) if is_text(name) else None

    def refuse_arrays(self, name: str, size: int) -> Finding | None:
        """Take room for the arrays in a file. Return why they are not read, or None."""
        self._arrays -= size
        if self._arrays < 0:
            return _too_much(name, "arrays", _MOST_ARRAYS, _SMALLER)
        return None

    def _refuse_text(self, name: str, size: int) -> Finding | None:
        largest = _LARGEST_DOCUMENT if name == DOCUMENT else _LARGEST_TEXT
        if size > largest:
            what = f"expected at most {largest:,} bytes, got {size:,}"
            return error("container-size", name, what, _SMALLER)
        self._text -= size
        if self._text < 0:
            return _too_much(name, "documents and logs", _MOST_TEXT, _SMALLER)
        return None


def _write(bundle: Unpacked, name: str, data: bytes, room: _Room) -> Finding | None:
    """Write a file into the folder of a bundle. Return why it is left out, or None."""
    target = bundle.folder / name
    target.parent.mkdir(exist_ok=True, parents=True)
    target.write_bytes(data)
    if name.endswith(".npz"):
        try:
            refused = room.refuse_arrays(name, _unpacked_size(target))
        except DataError as damage:
            refused = error("container", name, _reason(damage, target), _PACK_AGAIN)
        if refused:
            target.unlink()
            return refused
    bundle.names.append(name)
    return None


def _unpacked_size(path: Path) -> int:
    """Return the size of all arrays in an .npz.

    Raises DataError if it is no zip, or is unsafe or damaged.
    """
    with path.open("rb") as file:
        if file.read(4) not in _ZIP_STARTS:
            raise DataError("it is no .npz")
    with open_tree(path, _ARRAY_LIMITS) as tree:
        return sum(map(tree.size, tree.names()))


def _hidden_files(path: Path) -> Iterator[Finding]:
    """Report the hidden files of a zip, which `open_tree` leaves out."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if hidden(name):
                what = "a bundle has no hidden file"
                yield error("container-name", name, what, "Leave it out")


def _too_much(name: str, kind: str, most: int, advice: str) -> Finding:
    what = f"all {kind} together have more than {most:,} bytes"
    return error("container-size", name, what, advice)


def _reason(refused: DataError, path: Path) -> str:
    """Return what an error says, without the path and without its advice."""
    text = str(refused).removeprefix(f"{path}: ")
    for advice in (DOWNLOAD_AGAIN, UNPACK_YOURSELF, CHECK_ACCESS):
        text = text.removesuffix(advice)
    return text.strip().removesuffix(".")


def write_bundle(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a bundle."""
    write_bytes(path, bundle_bytes(files))


def bundle_bytes(files: Mapping[str, bytes]) -> bytes:
    """Return the bytes of a bundle. The same files give the same bytes, at any time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _FIXED_TIME)
            entry.external_attr = _ORDINARY_FILE
            entry.create_system = 3  # as on Linux, so that each system writes the same
            # An .npz or a checkpoint is hardly smaller when it is packed again.
            method = zipfile.ZIP_DEFLATED if is_text(name) else zipfile.ZIP_STORED
            archive.writestr(entry, files[name], method, 9)
    return buffer.getvalue()
