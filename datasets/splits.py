"""The class lists of published splits, carried as data files that name their source."""

from pathlib import Path

from .info import DataError

_FOLDER = Path(__file__).parent / "splits"


def read_split(scheme: str) -> dict[str, str]:
    """Class name -> split of a published scheme, e.g. 'omniglot_vinyals'.

    A file holds `# comment` lines, `[split]` headings and one class name a line.
    """
    split_of: dict[str, str] = {}
    split = ""
    for line in (_FOLDER / f"{scheme}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            split = line.strip("[]")
        elif line and not line.startswith("#"):
            if line in split_of:
                raise DataError(f"split list {scheme}: {line} is in {split_of[line]} and {split}")
            split_of[line] = split
    return split_of
