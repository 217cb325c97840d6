"""The files in a zip, read in place by several threads at the same time."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from .archive import Members
from .byte_ranges import ByteRange, SharedFile
from .limits import Limits
from .refusals import UNPACK_YOURSELF, refusal
from .safe_names import hidden, unsafe
from .temporary_file import write_temporary
from .unpacking import Inflater, pieces, stream
from .zip_directory import directory

# Flag bits of an entry: encrypted, strong encryption, encrypted directory.
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_UTF8 = 0x800
# The header before the data: signature, length of the name, length of the extra field.
_LOCAL = struct.Struct("<4s22xHH")
_SIGNATURE = b"PK\x03\x04"


class ZipMembers(Members):
    """The files in an open zip.

    zipfile reads only the directory of the zip. The files are read as byte ranges,
    because those need no lock.
    Raises DataError if the zip is unsafe.
    Raises one of `refusals.DAMAGE` if the file is not a zip.
    """

    def __init__(
        self, file: SharedFile, label: str, limits: Limits, scratch: Path | None
    ) -> None:
        super().__init__(label, limits)
        self._data = file.whole(label)
        self._file = file
        self._scratch = scratch
        files = self._files(file)
        self._entries = sorted(files, key=_name_of)
        self.names = [_name_of(entry) for entry in self._entries]

    def size(self, index: int) -> int:
        return self._entries[index].file_size

    def stamp(self) -> str:
        return self._file.stamp()

    def read(self, index: int) -> bytes:
        entry = self._entries[index]
        self.limits.check_read(self.label, entry.orig_filename, entry.file_size)
        return b"".join(self._chunks(entry))

    def byte_range(self, index: int) -> ByteRange:
        """Check the checksum of one file, and return the file as a byte range.

        A compressed file is unpacked to a temporary file.
        """
        entry = self._entries[index]
        label = f"{self.label}: {entry.orig_filename!r}"
        chunks = self._chunks(entry)
        if entry.compress_type != zipfile.ZIP_STORED:
            return write_temporary(chunks, label, self._scratch)
        for _ in chunks:
            pass  # the checksum is compared after the last chunk
        return self._packed(entry).part(0, entry.file_size, label)

    def _chunks(self, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        """Yield the unpacked bytes of an entry, up to the size in the directory.

        Raises DataError at the end if bytes are missing, or if the checksum is wrong.
        """
        left = entry.file_size
        crc = 0
        chunks = self._unpacked(entry)
        while left and (chunk := next(chunks, None)) is not None:
            chunk = chunk[:left]
            left -= len(chunk)
            crc = zlib.crc32(chunk, crc)
            yield chunk
        self._check_whole(entry, left, crc)

    def _check_whole(self, entry: zipfile.ZipInfo, left: int, crc: int) -> None:
        """Raise DataError if bytes are missing (`left` > 0), or if `crc` is wrong."""
        what = repr(entry.orig_filename)
        if left:
            raise refusal(
                self.label,
                what,
                expected=f"{entry.file_size:,} bytes",
                got=f"{entry.file_size - left:,} bytes",
            )
        if crc != entry.CRC:
            raise refusal(
                self.label,
                what,
                expected=f"data with the CRC-32 checksum {entry.CRC:08x}",
                got=f"the checksum {crc:08x}",
            )

    def _unpacked(self, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        source = pieces(self._packed(entry))
        if entry.compress_type == zipfile.ZIP_STORED:
            return source
        inflater = Inflater(-zlib.MAX_WBITS)
        first = next(source, b"")
        return stream(inflater, first, source)

    def _packed(self, entry: zipfile.ZipInfo) -> ByteRange:
        """Return the packed data of an entry, which is stored after the entry's header.

        Raises DataError if the header is missing or belongs to a different file.
        """
        encoding = "utf-8" if entry.flag_bits & _UTF8 else "cp437"
        name = entry.orig_filename.encode(encoding)
        start = entry.header_offset
        header = self._data.read_at(start, _LOCAL.size + len(name))
        signature, name_length, extra_length = _LOCAL.unpack_from(header)
        is_own = (
            signature == _SIGNATURE
            and name_length == len(name)
            and header[_LOCAL.size :] == name
        )
        if not is_own:
            raise refusal(
                self.label,
                repr(entry.orig_filename),
                expected=f"the header of this file at byte {start:,}",
                got="other bytes",
            )
        data_start = start + len(header) + extra_length
        return self._data.part(data_start, entry.compress_size)

    def _files(self, file: SharedFile) -> Iterator[zipfile.ZipInfo]:
        """Yield each entry that is a file and not hidden.

        Raises DataError if any entry is unsafe or unreadable, or occurs twice.
        """
        entries = directory(file, self.limits)
        self.limits.check_count(self.label, len(entries))
        # Entries of a bomb may share packed data, so that each entry looks harmless.
        total = sum(entry.file_size for entry in entries)
        self.limits.check_ratio(self.label, "it", total, len(self._data))
        seen: set[str] = set()
        for entry in entries:
            self._check(entry)
            name = _name_of(entry).removesuffix("/")
            self._check_new(name, seen)
            seen.add(name)
            is_folder = name != _name_of(entry)
            if not is_folder and not hidden(name):
                yield entry

    def _check_new(self, name: str, seen: set[str]) -> None:
        if name in seen:
            raise refusal(
                self.label,
                repr(name),
                expected="distinct names",
                got="the same name twice",
            )

    def _check(self, entry: zipfile.ZipInfo) -> None:
        """Raise DataError if an entry is unsafe, or is neither a file nor a folder."""
        what = repr(entry.orig_filename)
        if unsafe(_name_of(entry).removesuffix("/")):
            raise refusal(
                self.label,
                what,
                expected="a relative path of plain names",
                got="a path that could lead outside the source",
            )
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise refusal(
                self.label,
                what,
                expected="a file or a folder",
                got="a link or a device",
            )
        self._check_packing(entry)

    def _check_packing(self, entry: zipfile.ZipInfo) -> None:
        """Raise DataError if the data in an entry cannot be unpacked within bounds."""
        what = repr(entry.orig_filename)
        if entry.flag_bits & _ENCRYPTED:
            raise refusal(
                self.label,
                what,
                expected="a file without a password",
                got="an encrypted file",
                advice=UNPACK_YOURSELF,
            )
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise refusal(
                self.label,
                what,
                expected="stored or deflated data",
                got=f"the compression method {entry.compress_type}",
                advice=UNPACK_YOURSELF,
            )
        self.limits.check_ratio(self.label, what, entry.file_size, entry.compress_size)


def _name_of(entry: zipfile.ZipInfo) -> str:
    """Return the path of an entry. Some programs for Windows write it with backslashes."""
    return entry.orig_filename.replace("\\", "/")
