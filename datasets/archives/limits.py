"""Bounds on folders, zips and tars that stop a decompression bomb in time."""

from dataclasses import dataclass

from .refusals import DOWNLOAD_AGAIN, refusal

# Below this many bytes a high compression ratio is common and harmless.
_TOO_LARGE = "Give a source without this file."
_SMALL = 2**20


@dataclass(frozen=True)
class Limits:
    """Upper bounds that a decompression bomb exceeds and a normal source does not.

    Each method compares a number with one bound. The argument `label` names the source,
    and `what` names the file or part that is too large.
    members: number of files in one source. The unpacked ImageNet has 1.3 million files.
    member_bytes: size of a file that is read into memory as a whole
    disk_bytes: size of a file that is read in place or unpacked to disk
    ratio: number of unpacked bytes for each packed byte
    """

    members: int = 2_000_000
    member_bytes: int = 64 * 2**20
    disk_bytes: int = 256 * 2**30
    ratio: int = 200

    def check_count(self, label: str, count: int, advice: str = DOWNLOAD_AGAIN) -> None:
        """Raise DataError if a source has more than `members` files."""
        if count > self.members:
            raise refusal(
                label,
                "it",
                expected=f"at most {self.members:,} files",
                got=f"{count:,} or more",
                advice=advice,
            )

    def check_read(self, label: str, name: str, size: int) -> None:
        """Raise DataError if a file has more than `member_bytes`."""
        if size > self.member_bytes:
            raise refusal(
                label,
                repr(name),
                expected=f"at most {self.member_bytes:,} bytes",
                got=f"{size:,} bytes",
                advice=_TOO_LARGE,
            )

    def check_disk(self, label: str, what: str, size: int) -> None:
        """Raise DataError if a file or an unpacked tar has more than `disk_bytes`."""
        if size > self.disk_bytes:
            raise refusal(
                label,
                what,
                expected=f"at most {self.disk_bytes:,} bytes",
                got=f"{size:,} bytes or more",
                advice=_TOO_LARGE,
            )

    def check_ratio(self, label: str, what: str, size: int, packed: int) -> None:
        """Raise DataError if `size` is more than `ratio` times the `packed` bytes.

        Up to 1 MiB of unpacked data is always allowed. Images never exceed this ratio.
        """
        bound = max(_SMALL, self.ratio * packed)
        if size > bound:
            raise refusal(
                label,
                what,
                expected=f"at most {self.ratio} times the packed {packed:,} bytes",
                got=f"{size:,} bytes, as in a decompression bomb",
            )
