"""One read-only view of a source, be it a folder or a zip file; nothing is unpacked to disk."""

import hashlib
import io
import os
import stat
import struct
import weakref
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NoReturn

from .info import DataError

_NEXT = (
    "Get it again, or name the folder that holds the data: fewbench data build NAME --source DIR"
)
_SMALL = 2**20  # bytes; below this a high compression ratio is common and harmless
_ENCRYPTED = 0x1 | 0x40 | 0x2000  # flag bits: password, strong encryption, masked directory
# Damaged bytes surface in zipfile and zlib as any of these.
_DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, OverflowError)
_DAMAGE += (RuntimeError, ValueError)


@dataclass(frozen=True)
class Limits:
    """What an honest source stays below; a bomb does not."""

    members: int = 1_000_000
    member_bytes: int = 64 * 2**20
    ratio: int = 200


class Tree(AbstractContextManager["Tree"]):
    """The regular files of one source. Close it, or use it in a `with` block."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self.label = str(path)
        self._path = path
        self._limits = limits
        self._names: frozenset[str] = frozenset()

    def names(self) -> list[str]:
        """Relative POSIX paths, sorted; hidden files are left out."""
        return sorted(self._names)

    def read(self, name: str) -> bytes:
        """The bytes of one file. Raises DataError when it is missing, damaged or too large."""
        if name not in self._names:
            self._refuse(repr(name), "one of the files there", "a name that is not among them")
        try:
            return self._bytes(name)
        except DataError:
            raise
        except _DAMAGE as error:
            self._refuse(repr(name), "an intact file", _in_words(error), error)

    def close(self) -> None:
        """Let go of the file behind the view."""

    def __exit__(self, *_: object) -> None:
        self.close()

    def _bytes(self, name: str) -> bytes:
        raise NotImplementedError

    def _refuse(
        self, what: str, expected: str, got: str, cause: Exception | None = None
    ) -> NoReturn:
        raise DataError(
            f"{self.label}: cannot read {what}: expected {expected}, got {got}. {_NEXT}"
        ) from cause

    def _check_count(self, count: int) -> None:
        if count > self._limits.members:
            bound = f"at most {self._limits.members:,} files"
            self._refuse("any of it", bound, f"{count:,} or more")

    def _check_size(self, name: str, size: int) -> None:
        if size > self._limits.member_bytes:
            bound = f"at most {self._limits.member_bytes:,} bytes"
            self._refuse(repr(name), bound, f"{size:,}")


class _Folder(Tree):
    def __init__(self, path: Path, limits: Limits) -> None:
        super().__init__(path, limits)
        self._names = frozenset(islice(self._walk(path, ""), limits.members + 1))
        self._check_count(len(self._names))

    def _walk(self, folder: Path, prefix: str) -> Iterator[str]:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = prefix + entry.name
                if _hidden(entry.name):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    yield from self._walk(folder / entry.name, name + "/")
                elif not entry.is_file():
                    # A linked folder could loop, or count its images twice.
                    got = "a link to a folder or to nothing, a device or a pipe"
                    self._refuse(repr(name), "a file or a folder", got)
                elif entry.is_symlink() and not self._holds(folder / entry.name):
                    self._refuse(repr(name), "a file of this folder", "a link that leads outside")
                else:
                    yield name

    def _holds(self, link: Path) -> bool:
        return link.resolve().is_relative_to(self._path.resolve())

    def _bytes(self, name: str) -> bytes:
        path = self._path / name
        self._check_size(name, path.stat().st_size)
        return path.read_bytes()


class _Zip(Tree):
    def __init__(self, path: Path, limits: Limits) -> None:
        super().__init__(path, limits)
        # zipfile reads the whole directory in one call, before anyone can count its entries.
        self._file = _CappedFile(path, max(limits.members * 128, limits.member_bytes + 4096))
        # Builders hand out readers that outlive any `with`: the last one gone closes the file.
        self._close = weakref.finalize(self, self._file.close)
        try:
            self._zip = zipfile.ZipFile(self._file)
            self._names = frozenset(self._checked_names())
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._close()

    def _checked_names(self) -> Iterator[str]:
        members = self._zip.infolist()
        self._check_count(len(members))
        # Measured on the whole file too: entries of a bomb may overlap, each looking harmless.
        total = sum(member.file_size for member in members)
        self._check_ratio("any of it", total, self._path.stat().st_size)
        seen = set()
        for member in members:
            self._check_member(member)
            name = member.filename.removesuffix("/")
            if name in seen:
                self._refuse(repr(name), "distinct names", "the same name twice")
            seen.add(name)
            if not member.is_dir() and not any(map(_hidden, name.split("/"))):
                yield name

    def _check_member(self, member: zipfile.ZipInfo) -> None:
        name, kind = member.orig_filename, stat.S_IFMT(member.external_attr >> 16)
        what = repr(name)
        if _unsafe(name):
            self._refuse(what, "a relative path of plain names", "one that could lead elsewhere")
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            self._refuse(what, "a file or a folder", "a link or a device")
        if member.flag_bits & _ENCRYPTED:
            self._refuse(what, "a file without a password", "an encrypted one")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            self._refuse(what, "stored or deflated data", f"method {member.compress_type}")
        self._check_size(name, member.file_size)
        self._check_ratio(what, member.file_size, member.compress_size)

    def _check_ratio(self, what: str, size: int, packed: int) -> None:
        if size > max(_SMALL, self._limits.ratio * packed):
            bound = f"at most {self._limits.ratio} times the packed {packed:,} bytes"
            self._refuse(what, bound, f"{size:,}, as in a decompression bomb")

    def _bytes(self, name: str) -> bytes:
        member = self._zip.getinfo(name)
        with self._zip.open(member) as file:
            # One byte more than declared: the request bounds the inflater, whatever the data says,
            # and reaching the end makes zipfile compare the CRC.
            data = file.read(member.file_size + 1)
        if len(data) != member.file_size:
            self._refuse(repr(name), f"{member.file_size:,} bytes", f"{len(data):,}")
        return data


class _CappedFile(io.BufferedReader):
    def __init__(self, path: Path, cap: int) -> None:
        super().__init__(io.FileIO(path))
        self._cap = cap

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > self._cap:
            raise zipfile.BadZipFile(f"a directory of {size:,} bytes")
        return super().read(size)


def open_tree(path: Path, limits: Limits | None = None) -> Tree:
    """The files of a folder or zip. Raises DataError when it is missing, unsafe or no archive."""
    limits = limits or Limits()
    try:
        if path.is_dir():
            return _Folder(path, limits)
        if path.is_file():  # opening a pipe would wait for ever
            return _Zip(path, limits)
    except DataError:
        raise
    except _DAMAGE as error:
        got = _in_words(error) if isinstance(error, OSError) else describe_content(path)
        raise DataError(f"{path}: cannot open: expected a zip file, got {got}. {_NEXT}") from error
    nearest = next(parent for parent in path.absolute().parents if parent.exists())
    missing = f"nothing (the nearest folder that exists is {nearest})"
    got = "a device or a pipe" if path.exists() else missing
    raise DataError(f"{path}: cannot open: expected a folder or a zip file, got {got}. {_NEXT}")


def describe_content(path: Path) -> str:
    """What a file that should have been an archive is instead, in words."""
    with path.open("rb") as file:
        head = file.read(512)
    if not head:
        return "an empty file"
    if looks_like_page(head):
        return (
            "a web page in place of the archive: "
            "the download was probably a sign-in, quota or error page"
        )
    if head.startswith(b"PK"):
        whole = zipfile.is_zipfile(path)
        return "a damaged zip file" if whole else "a truncated zip file: its end is missing"
    return f"a file that starts with {head[:16]!r}"


def looks_like_page(head: bytes) -> bool:
    """Whether these first bytes of a file belong to a web page (HTML or XML)."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


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
            f"got {_in_words(error)}. {_NEXT}"
        ) from error
    return digest.hexdigest()


def _unsafe(name: str) -> bool:
    """Absolute, with a drive letter, a backslash, a null, or an empty, `.` or `..` part."""
    parts = name.removesuffix("/").split("/")
    return name[1:2] == ":" or bool({"\\", "\0"} & set(name) or {"", ".", ".."} & set(parts))


def _hidden(part: str) -> bool:
    return part.startswith(".") or part == "__MACOSX"


def _in_words(error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return reason or str(error) or type(error).__name__
