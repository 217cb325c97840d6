"""The bytes of an unfinished download, and the record of where they came from."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from fewbench.files import write_text

# It is sent back to the server in a header.
_Validator = Annotated[str, Field(pattern="^[ -~]*$")]
_TemporaryName = Annotated[str, Field(pattern="^(tmp[a-z0-9_]+)?$")]
_Bytes = Annotated[int, Field(ge=0)]
_MOST_RECORD_BYTES = 2**20


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Origin:
    """Where the bytes of a partial file came from.

    validator: strong ETag or Last-Modified that the server sent with them; empty if it
        sent none, or if the bytes came from more than one address
    total: bytes of the whole file, None if the server did not say
    handed_to: the temporary file that an older fewbench moved the bytes to while it
        compared their checksum; empty in every record that is written today
    """

    url: str = ""
    validator: _Validator = ""
    total: _Bytes | None = None
    handed_to: _TemporaryName = ""


_ORIGIN = TypeAdapter(Origin)


class PartialFile:
    """The bytes of `path` that have arrived: `<name>.part`, and `<name>.part.json`.

    Both outlive a killed run, and the next run continues them.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(f"{path.name}.part")
        self._final = path
        self._record = path.with_name(f"{path.name}.part.json")

    @property
    def size(self) -> int:
        """How many bytes have arrived so far."""
        if not self.path.exists():
            return 0
        return self.path.stat().st_size

    def origin(self) -> Origin:
        """The origin record, an empty one when it is missing or damaged."""
        try:
            with self._record.open("rb") as file:
                document = file.read(_MOST_RECORD_BYTES)
            return _ORIGIN.validate_json(document)
        except (FileNotFoundError, ValueError):
            return Origin()

    def begin(self, origin: Origin) -> None:
        """Drop every byte, to start over with those of `origin`."""
        self.path.write_bytes(b"")
        self.record(origin)

    def record(self, origin: Origin) -> None:
        """Write the origin record."""
        document = _ORIGIN.dump_json(origin, indent=2)
        text = document.decode()
        write_text(self._record, f"{text}\n")

    def take_back(self) -> None:
        """Find the bytes again that an older fewbench had moved to a temporary file."""
        name = self.origin().handed_to
        if not name or self.path.exists():
            return
        temporary = self.path.with_name(name)
        if temporary.is_file():
            os.replace(temporary, self.path)

    def finish(self) -> None:
        """Give the bytes their final name."""
        os.replace(self.path, self._final)
        self.clear()

    def clear(self) -> None:
        """Remove the bytes and their record."""
        self.path.unlink(missing_ok=True)
        self._record.unlink(missing_ok=True)
