"""The size and checksum that a downloaded file must have, and whether it has them."""

import logging
import re
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from fewbench import files

from ..archives.refusals import DOWNLOAD_AGAIN, reason_of
from ..archives.signatures import HEAD_BYTES, describe_content, looks_like_page
from ..info import DataError, Source

_log = logging.getLogger(__name__)
_DIGITS = {"md5": 32, "sha256": 64}
# Where the checksum in a file beside the data came from.
ORIGINS = {
    "md5": "the one of its Zenodo record",
    "sha256": "the one of the first download, none is published",
}


@dataclass(frozen=True)
class Expected:
    """Size and checksum that a file must have, as far as they are known.

    algorithm, digest: md5 or sha256, and its hexadecimal digits; empty if unknown
    origin: whose checksum that is, in words
    """

    size: int | None = None
    algorithm: str = ""
    digest: str = ""
    origin: str = ""

    def __str__(self) -> str:
        facts: list[str] = []
        if self.size is not None:
            facts.append(f"{self.size:,} bytes")
        if self.digest:
            facts.append(f"{self.algorithm} {self.digest} ({self.origin})")
        if not facts:
            return "a file that is no web page (no checksum is published)"
        return " with ".join(facts)

    def fault(self, path: Path) -> str | None:
        """What is wrong with a file, in words; None if it is as expected."""
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        if not head or looks_like_page(head):
            return describe_content(path)
        size = path.stat().st_size
        if self.size not in (None, size):
            return f"{size:,} bytes"
        if not self.digest:
            return None
        digest = files.file_digest(path, self.algorithm)
        if digest != self.digest:
            return f"a file with {self.algorithm} {digest}"
        return None

    def hint(self, path: Path) -> str:
        """How to accept another file where the checksum is one that we recorded."""
        if self.algorithm != "sha256":
            return ""
        beside = _beside(path, self.algorithm)
        return (
            f"\nIf the publisher has replaced the file, accept the new one: "
            f"rm {quote(str(beside))}"
        )


def file_digest(path: Path, algorithm: str) -> str:
    """Hexadecimal checksum of a file. Raises DataError when it cannot be read."""
    try:
        return files.file_digest(path, algorithm)
    except OSError as error:
        raise DataError(
            f"{path}: cannot compute its {algorithm}: expected a readable file, "
            f"got {reason_of(error)}. {DOWNLOAD_AGAIN}"
        ) from error


def known(path: Path, source: Source) -> Expected:
    """What is known of a file without a network: by fewbench, or by a file beside it.

    Raises DataError when there is a checksum file, but a damaged one.
    """
    if source.md5 is not None:
        return Expected(
            size=source.size,
            algorithm="md5",
            digest=source.md5.lower(),
            origin="the official one",
        )
    for algorithm, origin in ORIGINS.items():
        digest = _recorded(path, algorithm)
        if digest:
            return Expected(
                size=source.size,
                algorithm=algorithm,
                digest=digest,
                origin=origin,
            )
    return Expected(source.size)


def record_digest(path: Path, algorithm: str, digest: str) -> None:
    """Write a checksum beside `path`, so that `md5sum -c` or `sha256sum -c` reads it."""
    beside = _beside(path, algorithm)
    line = f"{digest}  {path.name}\n"
    files.write_text(beside, line)


def record_first_digest(path: Path, part: Path) -> None:
    """Record the sha256 of `part`, which becomes `path`, to compare later downloads."""
    digest = files.file_digest(part, "sha256")
    record_digest(path, "sha256", digest)
    _log.info(
        "%s: no checksum is published; recorded sha256 %s of this download",
        path,
        digest,
    )


def _recorded(path: Path, algorithm: str) -> str:
    """The checksum in the file beside `path`, empty if there is none."""
    beside = _beside(path, algorithm)
    try:
        with beside.open("rb") as file:
            text = file.read(4096)
    except FileNotFoundError:
        return ""
    n_digits = _DIGITS[algorithm]
    pattern = rb"([0-9a-fA-F]{%d})\s" % n_digits
    found = re.match(pattern, text)
    if found is None:
        raise DataError(
            f"{beside}: expected {n_digits} hexadecimal digits and a file name, got "
            f"{text[:20]!r}. Delete it, and {path.name} too unless you trust it."
        )
    digest = found[1].decode()
    return digest.lower()


def _beside(path: Path, algorithm: str) -> Path:
    return path.with_name(f"{path.name}.{algorithm}")
