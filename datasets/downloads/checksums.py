"""What size and checksum a file must have: who told, and what was recorded beside it."""

import logging
import re
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, Field

from ..files import file_digest, write_text
from ..info import DataError, Source
from .web import Refused, read_document

_log = logging.getLogger(__name__)
_DIGITS = {"md5": 32, "sha256": 64}
# What a checksum file beside the data stems from.
_ORIGINS = {
    "md5": "the one of its Zenodo record",
    "sha256": "the one of the first download, none is published",
}


@dataclass(frozen=True)
class Expected:
    """Size and checksum that a file must have, as far as anybody told.

    algorithm, digest: md5 or sha256 and its hexadecimal digits, empty if none is known
    origin: whose checksum that is, in words
    """

    size: int | None = None
    algorithm: str = ""
    digest: str = ""
    origin: str = ""

    def __str__(self) -> str:
        facts = [f"{self.size:,} bytes"] if self.size is not None else []
        facts += (
            [f"{self.algorithm} {self.digest} ({self.origin})"] if self.digest else []
        )
        return (
            " with ".join(facts)
            or "a file that is no web page (no checksum is published)"
        )

    def hint(self, path: Path) -> str:
        """How to have another file accepted, where the expectation is only our own."""
        if self.algorithm != "sha256":
            return ""
        beside = quote(str(_beside(path, "sha256")))
        return (
            f"\nIf the publisher has replaced the file, accept the new one: rm {beside}"
        )

    def pooch_hash(self) -> str | None:
        """The checksum as pooch writes it, None if none is known."""
        return f"{self.algorithm}:{self.digest}" if self.digest else None


def known(path: Path, source: Source) -> Expected:
    """What fewbench itself or a checksum file beside `path` tells; no network is used.

    Raises DataError when a checksum file is there but damaged.
    """
    if source.md5 is not None:
        return Expected(source.size, "md5", source.md5.lower(), "the official one")
    for algorithm, origin in _ORIGINS.items():
        digest = _recorded(path, algorithm)
        if digest:
            return Expected(source.size, algorithm, digest, origin)
    return Expected(source.size)


def look_up(path: Path, source: Source, timeout: float) -> Expected:
    """What is known, and asked of the Zenodo record where size or md5 is not.

    The md5 of the record is kept beside `path`, to be at hand without a network.
    """
    expected = known(path, source)
    if source.record is None or (
        expected.algorithm == "md5" and expected.size is not None
    ):
        return expected
    try:
        entry = _entry(read_document(source.record, timeout), source.filename)
    except (Refused, ValueError) as error:
        reason = "; ".join(str(error).splitlines()[:3])
        _log.warning(
            "%s: tells no checksum of %s: %s", source.record, source.filename, reason
        )
        return expected
    size = entry.size if source.size is None else source.size
    if source.md5 is not None:
        return replace(expected, size=size)
    _record(path, "md5", entry.md5)
    return Expected(size, "md5", entry.md5, _ORIGINS["md5"])


def first_seen(path: Path, part: Path, size: int | None) -> Expected:
    """The sha256 of `part`, which is to become `path`, recorded for the time to come."""
    digest = file_digest(part, "sha256")
    _record(path, "sha256", digest)
    _log.info(
        "%s: no checksum is published; recorded sha256 %s of this download",
        path,
        digest,
    )
    return Expected(size, "sha256", digest, _ORIGINS["sha256"])


def _record(path: Path, algorithm: str, digest: str) -> None:
    """In the form of md5sum and sha256sum, so that `sha256sum -c` reads it."""
    write_text(_beside(path, algorithm), f"{digest}  {path.name}\n")


def _recorded(path: Path, algorithm: str) -> str:
    beside = _beside(path, algorithm)
    try:
        with beside.open("rb") as file:
            text = file.read(4096)
    except FileNotFoundError:
        return ""
    found = re.match(rb"([0-9a-fA-F]{%d})\s" % _DIGITS[algorithm], text)
    if found is None:
        raise DataError(
            f"{beside}: expected {_DIGITS[algorithm]} hexadecimal digits and a file name, got "
            f"{text[:20]!r}. Delete it, and {path.name} too unless you trust it."
        )
    return found[1].decode().lower()


def _beside(path: Path, algorithm: str) -> Path:
    return path.with_name(f"{path.name}.{algorithm}")


class _Entry(BaseModel):
    """One file of a record, in either spelling that Zenodo's interface has had."""

    name: str = Field(validation_alias=AliasChoices("key", "filename"))
    size: int = Field(ge=0, validation_alias=AliasChoices("size", "filesize"))
    checksum: Annotated[str, Field(pattern="^(md5:)?[0-9a-fA-F]{32}$")]

    @property
    def md5(self) -> str:
        return self.checksum.removeprefix("md5:").lower()


class _Files(BaseModel):
    files: list[dict[str, Any]]


def _entry(document: bytes, filename: str) -> _Entry:
    """Raises ValueError when the document is no record of the file."""
    for entry in _Files.model_validate_json(document).files:
        if filename in (entry.get("key"), entry.get("filename")):
            return _Entry.model_validate(entry)
    raise ValueError(f"the record holds no {filename}")
