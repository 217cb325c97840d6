"""The unfinished file `<name>.part`, with a note beside it of where its bytes stem from."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from ..files import write_text


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Origin:
    """Where the bytes of a part came from.

    validator: strong ETag or Last-Modified of what the address served; empty if it told none, or
        if the bytes stem from more than one address
    total: bytes of the whole file, None if the server did not tell
    handed_to: name of the temporary file that the finished part became, while that is checked
    """

    url: str = ""
    validator: Annotated[str, Field(pattern="^[ -~]*$")] = (
        ""  # it is sent back as a header
    )
    total: Annotated[int, Field(ge=0)] | None = None
    handed_to: Annotated[str, Field(pattern="^(tmp[a-z0-9_]+)?$")] = ""


_NOTE = TypeAdapter(Origin)


class Part:
    """The bytes that have arrived of the file that is to become `path`; they outlive a kill."""

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(f"{path.name}.part")
        self._note = path.with_name(f"{path.name}.part.json")

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def origin(self) -> Origin:
        """What is noted; nothing when the note is missing or damaged."""
        try:
            with self._note.open("rb") as file:
                return _NOTE.validate_json(file.read(2**20))
        except (FileNotFoundError, ValueError):
            return Origin()

    def begin(self, origin: Origin) -> None:
        """Forget every byte and begin with those of `origin`."""
        self.path.write_bytes(b"")
        self.note(origin)

    def note(self, origin: Origin) -> None:
        """Note where the bytes stem from."""
        write_text(self._note, _NOTE.dump_json(origin, indent=2).decode() + "\n")

    def hand_over(self, target: Path) -> None:
        """Become `target`, a temporary file in the same folder."""
        self.note(replace(self.origin(), handed_to=target.name))
        os.replace(self.path, target)

    def take_back(self) -> None:
        """Become a part again if the run to which it was handed over was killed."""
        name = self.origin().handed_to
        if name and not self.path.exists() and self.path.with_name(name).is_file():
            os.replace(self.path.with_name(name), self.path)

    def clear(self) -> None:
        """Remove the bytes and the note."""
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)
