"""Compare a downloaded file with the size and checksum that it must have."""

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from shlex import join, quote

from fewbench import files

from ..archives.refusals import DOWNLOAD_AGAIN, reason_of
from ..archives.signatures import HEAD_BYTES, describe_content, looks_like_answer
from ..info import DataError, Source

_log = logging.getLogger(__name__)
_DIGITS = {"md5": 32, "sha256": 64}
# The origin of the checksum in images.zip.md5 or images.zip.sha256, beside images.zip.
ORIGINS = {
    "md5": "the checksum in its Zenodo record",
    "sha256": "the checksum of the first download, because none is published",
}


@dataclass(frozen=True)
class Expected:
    """The size and checksum that a file must have, as far as they are known.

    size: in bytes; None if unknown
    algorithm: "md5" or "sha256"; empty if no checksum is known
    digest: the checksum in hexadecimal digits; empty if unknown
    origin: the source of the checksum, in words for messages
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
            return "a file that is not a web page (no checksum is published)"
        return " with ".join(facts)

    def fault(self, path: Path) -> str | None:
        """Describe a file that differs from the expected file; None if it is the same."""
        with files.open_file(path) as file:
            head = file.read(HEAD_BYTES)
        if not head or looks_like_answer(head):
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

    def hints(self, path: Path) -> list[str]:
        """Return advice for accepting a new version of the file, a line each.

        Empty unless the checksum was recorded at the first download (sha256).
        """
        if self.algorithm != "sha256":
            return []
        beside = _beside(path, self.algorithm)
        return [
            f"If the publisher has replaced the file, accept the new one: "
            f"rm {quote(str(beside))}"
        ]


def file_digest(path: Path, algorithm: str) -> str:
    """Return the hexadecimal checksum of a file.

    Raises DataError if the file cannot be read.
    """
    try:
        return files.file_digest(path, algorithm)
    except OSError as error:
        raise DataError(
            f"{path}: cannot compute its {algorithm}: expected a readable file, "
            f"got an error ({reason_of(error)}). {DOWNLOAD_AGAIN}"
        ) from error


def known(path: Path, source: Source) -> Expected:
    """Return the size and checksum of a file, as far as they are known offline.

    The checksum comes from `source`, or else from a checksum file beside `path`.
    Raises DataError if that checksum file is damaged.
    """
    if source.md5 is not None:
        return Expected(
            size=source.size,
            algorithm="md5",
            digest=source.md5.lower(),
            origin="the official checksum",
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


def hints_to_delete(sources: Iterable[Source], folder: Path) -> list[str]:
    """Return which downloads to delete if they are wrong; [] if none can be.

    Where no checksum is published, a wrong file is kept, and refused in every run.
    """
    names: list[str] = []
    for source in sources:
        path = folder / source.filename
        if known(path, source).algorithm == "sha256":
            names += [str(path), str(_beside(path, "sha256"))]
    if not names:
        return []
    return [
        f"No checksum is published for what was downloaded. If it is a wrong file, "
        f"download it again: rm {join(names)}, then the same command"
    ]


def record_digest(path: Path, algorithm: str, digest: str) -> None:
    """Write a checksum file beside `path` in the format of `md5sum -c`.

    algorithm: "md5" or "sha256", which is also the ending of the checksum file
    """
    beside = _beside(path, algorithm)
    line = f"{digest}  {path.name}\n"
    files.write_text(beside, line)


def record_first_digest(path: Path, part: Path) -> None:
    """Record the sha256 of a first download, to compare later downloads with it.

    part: the downloaded file, before it gets its final name `path`
    """
    digest = files.file_digest(part, "sha256")
    record_digest(path, "sha256", digest)
    _log.info(
        "%s: no checksum is published; recorded sha256 %s of this download",
        path,
        digest,
    )


def _recorded(path: Path, algorithm: str) -> str:
    """Return the checksum in the file beside `path`; empty if there is no such file.

    Raises DataError if the checksum file is damaged.
    """
    beside = _beside(path, algorithm)
    try:
        with files.open_file(beside) as file:
            text = file.read(4096)
    except FileNotFoundError:
        return ""
    n_digits = _DIGITS[algorithm]
    pattern = rb"([0-9a-fA-F]{%d})\s" % n_digits
    found = re.match(pattern, text)
    if found is None:
        raise DataError(
            f"{beside}: damaged checksum file: expected {n_digits} hexadecimal digits "
            f"and a file name, got {text[:20]!r}. Delete this checksum file. Delete "
            f"{path.name} too, unless you trust it."
        )
    digest = found[1].decode()
    return digest.lower()


def _beside(path: Path, algorithm: str) -> Path:
    return path.with_name(f"{path.name}.{algorithm}")
