"""The files of a zip, read where they lie by any number of threads at once."""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from .archive import Members
from .byte_ranges import Span
from .limits import DAMAGE, Limits, refusal
from .safe_names import hidden, unsafe
from .unpacking import Inflater, SourceFile, pieces, spooled, stream

_ENCRYPTED = (
    0x1 | 0x40 | 0x2000
)  # flag bits: password, strong encryption, masked directory
_UTF8 = 0x800
_LOCAL = struct.Struct(
    "<4s22xHH"
)  # signature, lengths of the name and of the extra field


class ZipMembers(Members):
    """The files of an open zip. Raises DataError when it is unsafe, one of DAMAGE when it is none.

    zipfile reads the directory; the data are read through a span, which needs no lock.
    """

    def __init__(
        self, file: SourceFile, label: str, limits: Limits, scratch: Path | None
    ) -> None:
        super().__init__(label, limits)
        self._span = file.span(label)
        self._stamp = file.stamp()
        self._scratch = scratch
        self._entries = sorted(self._files(file), key=lambda entry: entry.orig_filename)
        self.names = [entry.orig_filename for entry in self._entries]

    def size(self, index: int) -> int:
        return self._entries[index].file_size

    def stamp(self) -> str:
        return self._stamp

    def read(self, index: int) -> bytes:
        entry = self._entries[index]
        self.limits.check_read(self.label, entry.orig_filename, entry.file_size)
        return b"".join(self._chunks(entry))

    def span(self, index: int) -> Span:
        entry = self._entries[index]
        label = f"{self.label}: {entry.orig_filename!r}"
        if entry.compress_type != zipfile.ZIP_STORED:
            return spooled(self._chunks(entry), label, self._scratch)
        for _ in self._chunks(entry):
            pass  # reaching the end compares the CRC
        return self._packed(entry).part(0, entry.file_size, label)

    def _chunks(self, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        """As much as was declared, whatever the data hold; at the end the CRC is compared."""
        left, crc = entry.file_size, 0
        chunks = pieces(self._packed(entry))
        if entry.compress_type != zipfile.ZIP_STORED:
            chunks = stream(Inflater(-zlib.MAX_WBITS), next(chunks, b""), chunks)
        while left and (chunk := next(chunks, None)) is not None:
            chunk = chunk[:left]
            left -= len(chunk)
            crc = zlib.crc32(chunk, crc)
            yield chunk
        what = repr(entry.orig_filename)
        if left:
            size = f"{entry.file_size:,} bytes"
            raise refusal(self.label, what, size, f"{entry.file_size - left:,}")
        if crc != entry.CRC:
            raise refusal(
                self.label, what, f"data with CRC {entry.CRC:08x}", f"{crc:08x}"
            )

    def _packed(self, entry: zipfile.ZipInfo) -> Span:
        """Where the data lie, as the header in front of them says."""
        name = entry.orig_filename.encode(
            "utf-8" if entry.flag_bits & _UTF8 else "cp437"
        )
        start = entry.header_offset
        header = self._span.read_at(start, _LOCAL.size + len(name))
        signature, n_name, n_extra = _LOCAL.unpack_from(header)
        if (
            signature != b"PK\x03\x04"
            or n_name != len(name)
            or header[_LOCAL.size :] != name
        ):
            what, got = repr(entry.orig_filename), "another one or none"
            raise refusal(self.label, what, f"its own header at byte {start:,}", got)
        return self._span.part(start + len(header) + n_extra, entry.compress_size)

    def _files(self, file: SourceFile) -> Iterator[zipfile.ZipInfo]:
        entries = directory(file, self.limits)
        self.limits.check_count(self.label, len(entries))
        # Measured on the whole file too: entries of a bomb may overlap, each looking harmless.
        total = sum(entry.file_size for entry in entries)
        self.limits.check_ratio(self.label, "any of it", total, len(self._span))
        seen = set()
        for entry in entries:
            self._check(entry)
            name = entry.orig_filename.removesuffix("/")
            if name in seen:
                raise refusal(
                    self.label, repr(name), "distinct names", "the same name twice"
                )
            seen.add(name)
            if name == entry.orig_filename and not hidden(name):
                yield entry

    def _check(self, entry: zipfile.ZipInfo) -> None:
        name, kind = entry.orig_filename, stat.S_IFMT(entry.external_attr >> 16)
        expected, got = "", ""
        if unsafe(name.removesuffix("/")):
            expected, got = (
                "a relative path of plain names",
                "one that could lead elsewhere",
            )
        elif kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            expected, got = "a file or a folder", "a link or a device"
        elif entry.flag_bits & _ENCRYPTED:
            expected, got = "a file without a password", "an encrypted one"
        elif entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            expected, got = "stored or deflated data", f"method {entry.compress_type}"
        if got:
            raise refusal(self.label, repr(name), expected, got)
        self.limits.check_ratio(
            self.label, repr(name), entry.file_size, entry.compress_size
        )


class _CappedReader(io.BufferedReader):
    """zipfile reads the whole directory in one call, before anyone can count its entries."""

    def __init__(self, file: io.FileIO, cap: int) -> None:
        super().__init__(file)
        self._cap = cap

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > self._cap:
            raise zipfile.BadZipFile(f"a directory of {size:,} bytes")
        return super().read(size)


def directory(file: io.FileIO, limits: Limits) -> list[zipfile.ZipInfo]:
    """The entries of a zip. Raises one of DAMAGE when it is none, or they are far too many."""
    reader = _CappedReader(file, limits.members * 128 + 4096)
    try:
        with zipfile.ZipFile(reader) as archive:
            return archive.infolist()
    finally:
        reader.detach()  # the file stays open


def describe_zip(file: io.FileIO, limits: Limits) -> str:
    """What kind of zip a file is that starts like one, in words."""
    try:
        entries = directory(file, limits)
    except DAMAGE:
        return (
            "a damaged zip file"
            if _has_end(file)
            else "a truncated zip file: its end is missing"
        )
    arrays = entries and all(entry.filename.endswith(".npy") for entry in entries)
    return "a NumPy .npz file" if arrays else "a zip file"


def _has_end(file: io.FileIO) -> bool:
    try:
        return zipfile.is_zipfile(file)
    except DAMAGE:  # an end, but of another volume
        return True
