"""Folders that appear whole, or change from one whole state to the next."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .files import write_text

# The names of the files that the last filling wrote, kept in the folder itself.
LISTING = ".files"


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """Yield an empty folder; what is written there moves to `out` when the block ends well.

    If the block fails, `out` stays as it was. Files of an earlier filling that this one
    lacks are removed; files that others put there stay. Raises OSError, for instance
    where `out` is a file.
    """
    out = Path(out).resolve()
    out.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        yield partial
        _move_files(partial, out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def replace_folder(finished: Path, folder: Path) -> None:
    """Give a finished folder its name; an older folder of that name goes.

    For a moment between two renames there is no folder of that name. A run killed in that
    moment leaves the old one beside it as `<name>.old.partial`.
    """
    old = folder.with_name(f"{folder.name}.old.partial")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    finished.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _move_files(partial: Path, out: Path) -> None:
    names = {path.name for path in partial.iterdir()}
    listing = out / LISTING
    earlier: set[str] = set()
    if listing.exists():
        earlier = set(listing.read_text(encoding="utf-8").splitlines())
    # If the run is killed from here on, the next filling still knows every file.
    write_text(listing, "\n".join(sorted(earlier | names)))
    for name in sorted(names):
        os.replace(partial / name, out / name)
    for name in earlier - names:
        is_plain_name = name == Path(name).name
        if is_plain_name:
            (out / name).unlink(missing_ok=True)
    write_text(listing, "\n".join(sorted(names)))
