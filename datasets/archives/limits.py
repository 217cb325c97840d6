"""What folders, zips and tars have in common: bounds, rules for names, one way to refuse."""

import lzma
import struct
import zipfile
import zlib
from dataclasses import dataclass

from ..info import DataError

NEXT = "Get it again, or name the folder that holds the data: fewbench data build NAME --source DIR"
# Damaged bytes surface in the standard library's readers as any of these.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
)
DAMAGE += (OverflowError, RuntimeError, ValueError)
_SMALL = 2**20  # bytes; below this a high compression ratio is common and harmless


@dataclass(frozen=True)
class Limits:
    """What an honest source stays below; a bomb does not."""

    members: int = 2_000_000  # ImageNet unpacked is a folder of 1.3 million
    member_bytes: int = 64 * 2**20  # held in memory by one read
    span_bytes: int = (
        256 * 2**30
    )  # written to disk for one span, or for one compressed tar
    ratio: int = 200

    def check_count(self, label: str, count: int) -> None:
        """Raises DataError when a source has too many members."""
        if count > self.members:
            raise refusal(
                label,
                "any of it",
                f"at most {self.members:,} files",
                f"{count:,} or more",
            )

    def check_read(self, label: str, name: str, size: int) -> None:
        """Raises DataError when a member is too large to be held in memory."""
        if size > self.member_bytes:
            raise refusal(
                label, repr(name), f"at most {self.member_bytes:,} bytes", f"{size:,}"
            )

    def check_span(self, label: str, what: str, size: int) -> None:
        """Raises DataError when something is too large even for the disk."""
        if size > self.span_bytes:
            raise refusal(
                label, what, f"at most {self.span_bytes:,} bytes", f"{size:,} or more"
            )

    def check_ratio(self, label: str, what: str, size: int, packed: int) -> None:
        """Raises DataError when something was packed more tightly than images ever are."""
        if size > max(_SMALL, self.ratio * packed):
            bound = f"at most {self.ratio} times the packed {packed:,} bytes"
            raise refusal(label, what, bound, f"{size:,}, as in a decompression bomb")


def refusal(label: str, what: str, expected: str, got: str) -> DataError:
    """The error that says what of `label` cannot be read, and why."""
    return DataError(
        f"{label}: cannot read {what}: expected {expected}, got {got}. {NEXT}"
    )


def in_words(error: Exception) -> str:
    """The reason of an error, without its type and without paths where possible."""
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return reason or str(error) or type(error).__name__
