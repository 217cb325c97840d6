"""Bounds on folders, zips and tars that stop a decompression bomb before it does harm."""

from dataclasses import dataclass

from .refusals import DOWNLOAD_AGAIN, refusal

# Below this many bytes a high compression ratio is common and harmless.
_SMALL = 2**20


@dataclass(frozen=True)
class Limits:
    """Bounds that an honest source keeps and a bomb exceeds.

    members: files in one source; ImageNet unpacked is a folder of 1.3 million
    member_bytes: size of a file that is read into memory at once
    disk_bytes: size of a file that is read in place or unpacked to disk, and of one unpacked tar
    ratio: unpacked bytes for each packed byte
    """

    members: int = 2_000_000
    member_bytes: int = 64 * 2**20
    disk_bytes: int = 256 * 2**30
    ratio: int = 200

    def check_count(self, label: str, count: int, advice: str = DOWNLOAD_AGAIN) -> None:
        """Raises DataError when a source has too many files."""
        if count > self.members:
            raise refusal(
                label,
                "it",
                expected=f"at most {self.members:,} files",
                got=f"{count:,} or more",
                advice=advice,
            )

    def check_read(self, label: str, name: str, size: int) -> None:
        """Raises DataError when a file is too large to be held in memory."""
        if size > self.member_bytes:
            raise refusal(
                label,
                repr(name),
                expected=f"at most {self.member_bytes:,} bytes",
                got=f"{size:,}",
            )

    def check_disk(self, label: str, what: str, size: int) -> None:
        """Raises DataError when something is too large to be unpacked to a disk."""
        if size > self.disk_bytes:
            raise refusal(
                label,
                what,
                expected=f"at most {self.disk_bytes:,} bytes",
                got=f"{size:,} or more",
            )

    def check_ratio(self, label: str, what: str, size: int, packed: int) -> None:
        """Raises DataError when something is packed more tightly than images ever are."""
        bound = max(_SMALL, self.ratio * packed)
        if size > bound:
            raise refusal(
                label,
                what,
                expected=f"at most {self.ratio} times the packed {packed:,} bytes",
                got=f"{size:,}, as in a decompression bomb",
            )
