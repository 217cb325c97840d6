"""Files and folders of files appear whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# What a folder was filled with, so that the next filling can remove what it no longer has.
LISTING = ".files"


def write_bytes(path: Path, data: bytes) -> Path:
    """Write `data` beside `path` as `<name>.partial`, then rename it: a killed run leaves no half
    file under the final name. Raises OSError (disk full, read-only) and then removes the rest."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    try:
        partial.write_bytes(data)
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        error.filename = str(path)  # a full disk names none, a rename that of the partial file
        raise
    return path


def write_text(path: Path, text: str) -> Path:
    """The same for text: UTF-8 and "\\n" on every platform."""
    return write_bytes(path, text.encode())


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """A folder beside `out` to write files into, which move there once all are written: whatever
    stops before leaves `out` as it was. Of an earlier filling, files that this one lacks are
    removed; others stay. Raises OSError, for instance where `out` is a file."""
    out = Path(out).resolve()
    out.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        yield partial
        names = sorted(path.name for path in partial.iterdir())
        listing = out / LISTING
        earlier = listing.read_text(encoding="utf-8").splitlines() if listing.exists() else []
        write_text(
            listing, "\n".join(sorted({*earlier, *names}))
        )  # if killed now: none is forgotten
        for name in names:
            os.replace(partial / name, out / name)
        for name in set(earlier) - set(names):
            if name == Path(name).name:
                (out / name).unlink(missing_ok=True)
        write_text(listing, "\n".join(names))
    finally:
        shutil.rmtree(partial, ignore_errors=True)
