"""Write and replace folders so that they are never seen half-written."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .documents import read_bytes
from .files import write_text
from .locks import exclusive

# A file in each output folder, with the names of the files that `whole_folder` wrote.
LISTING = ".files"


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """Yield an empty folder. Move its files to `out` at the end of the `with` block.

    If the block fails, `out` does not change. Files that an earlier call wrote to `out`
    are removed if the new call does not write them. All other files in `out` stay.
    Raises OSError if `out` is a file or cannot be written.
    Raises Busy if another process is writing `out`.
    """
    out = Path(out).resolve()
    out.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.partial")
    with exclusive(out.with_name(f".{out.name}.lock"), f"writing {out}"):
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        try:
            yield partial
            _move_files(partial, out)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def replace_folder(finished: Path, folder: Path) -> None:
    """Rename the folder `finished` to `folder`, and remove the old `folder`.

    Between two renames, there is no `folder` for a moment. If the process is killed at
    that moment, the old folder stays beside it; see `old_folder`.
    """
    old = old_folder(folder)
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    finished.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def old_folder(folder: Path) -> Path:
    """Return where `replace_folder` keeps the old folder between its two renames."""
    return folder.with_name(f"{folder.name}.old.partial")


def _move_files(partial: Path, out: Path) -> None:
    names = {path.name for path in partial.iterdir()}
    listing = out / LISTING
    earlier: set[str] = set()
    if listing.exists():
        text = read_bytes(listing).decode("utf-8", "replace")
        earlier = set(text.splitlines())
    # Even if the process is killed from here on, the next call knows all earlier files.
    write_text(listing, "\n".join(sorted(earlier | names)))
    for name in sorted(names):
        os.replace(partial / name, out / name)
    for name in earlier - names:
        is_plain_name = name == Path(name).name
        if is_plain_name and (out / name).is_file():
            (out / name).unlink(missing_ok=True)
    write_text(listing, "\n".join(sorted(names)))
