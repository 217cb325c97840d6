"""Keep the bytes of an unfinished download, with a record of their origin."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from fewbench.documents import DocumentError, fit, parse_json, read_bytes
from fewbench.files import write_text

# The validator is sent back to the server in a header: only printable ASCII is allowed.
_Validator = Annotated[str, Field(pattern="^[ -~]*$")]
_TemporaryName = Annotated[str, Field(pattern="^(tmp[a-z0-9_]+)?$")]
_Bytes = Annotated[int, Field(ge=0)]
_MOST_RECORD_BYTES = 2**20


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Origin:
    """The origin of the bytes in a partial file.

    url: the address that served the bytes; empty if unknown
    validator: the strong ETag or Last-Modified header that the server sent. Empty if
        the server sent neither, or if the bytes came from more than one address.
    total: size of the whole file in bytes; None if the server did not say
    handed_to: name of the temporary file to which an older fewbench moved the bytes
        while it compared their checksum. Always empty in new records.
    """

    url: str = ""
    validator: _Validator = ""
    total: _Bytes | None = None
    handed_to: _TemporaryName = ""


_ORIGIN = TypeAdapter(Origin)


class PartialFile:
    """An unfinished download: its bytes so far, and the record of their origin.

    The bytes are in `<name>.part` and the record is in `<name>.part.json`, beside the
    final path. Both files survive a killed run, so that the next run can resume.

    path: path of the file with the bytes, `<name>.part`
    """

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(f"{path.name}.part")
        self._final = path
        self._record = path.with_name(f"{path.name}.part.json")

    @property
    def size(self) -> int:
        """The number of bytes that have arrived so far."""
        if not self.path.exists():
            return 0
        return self.path.stat().st_size

    def origin(self) -> Origin:
        """Read the origin record; an empty record if the file is missing or damaged."""
        try:
            document = parse_json(read_bytes(self._record, _MOST_RECORD_BYTES))
            return fit(document, _ORIGIN)
        except (FileNotFoundError, DocumentError):
            return Origin()

    def begin(self, origin: Origin) -> None:
        """Remove all bytes and record the origin of the bytes that will follow."""
        # It may be a link to another file, or a pipe.
        self.path.unlink(missing_ok=True)
        self.path.write_bytes(b"")
        self.record(origin)

    def record(self, origin: Origin) -> None:
        """Write the origin record."""
        document = _ORIGIN.dump_json(origin, indent=2)
        text = document.decode()
        write_text(self._record, f"{text}\n")

    def take_back(self) -> None:
        """Move back the bytes that an older fewbench had moved to a temporary file."""
        name = self.origin().handed_to
        if not name or self.path.exists():
            return
        temporary = self.path.with_name(name)
        if temporary.is_file():
            os.replace(temporary, self.path)

    def finish(self) -> None:
        """Rename the complete file to its final name and remove the origin record."""
        os.replace(self.path, self._final)
        self.clear()

    def clear(self) -> None:
        """Remove the bytes and the origin record."""
        self.path.unlink(missing_ok=True)
        self._record.unlink(missing_ok=True)
