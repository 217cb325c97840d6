"""Write and replace folders so that they are never seen half-written."""

import errno
import os
import shlex
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .documents import DocumentError, counted, read_bytes, shown
from .errors import UserError
from .files import write_text
from .locks import only_writer_of
from .plain_words import kind_of
from .signals import held_signals
from .space import temporary_folder

# A file in each output folder, with the names of the files that `whole_folder` wrote.
LISTING = ".files"
# What file managers leave in any folder.
_LITTER = (".DS_Store", ".directory", "Thumbs.db", "desktop.ini")


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """Yield an empty folder. Move its files to `out` at the end of the `with` block.

    Files in sub-folders move to the same sub-folders of `out`.
    If the block fails, `out` does not change. Files that an earlier call wrote to `out`
    are removed if the new call does not write them. All other files in `out` stay.
    Raises UserError if a file of the same name is in `out` that no earlier call wrote.
    Raises OSError if `out` is a file or cannot be written.
    Raises Busy if another process is writing `out`.
    """
    out = Path(out).resolve()
    with only_writer_of(out):
        is_new = not out.exists()
        out.mkdir(exist_ok=True)  # an error now comes before the work
        try:
            with new_folder_beside(out) as partial:
                yield partial
                with held_signals():
                    _move_files(partial, out)
        finally:
            if is_new:
                with suppress(OSError):  # it holds files
                    out.rmdir()


def refuse_taken(out: Path, *names: str) -> None:
    """Refuse a folder that `whole_folder` would refuse, before any work is done for it.

    names: files that are certain to be written
    Raises UserError or OSError as `whole_folder` does.
    """
    out = Path(out).resolve()
    if out.exists() and not out.is_dir():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(out))
    earlier = _earlier_files(out)
    _refuse_others(out, set(names) - earlier)


@contextmanager
def new_folder_beside(path: Path) -> Iterator[Path]:
    """Yield an empty folder for what will be at `path`. Remove it at the end, if it is left.

    The caller holds the lock on `path`: see `fewbench.locks.only_writer_of`. What a killed
    process has left in this folder is removed.
    """
    partial = path.with_name(f".{path.name}.partial")
    remove_tree(partial)
    partial.mkdir()
    try:
        yield partial
    finally:
        remove_tree(partial)


@contextmanager
def temporary_directory(prefix: str) -> Iterator[Path]:
    """Yield a folder for large temporary files. A signal leaves nothing of it behind."""
    folder = None
    try:
        with held_signals():
            made = tempfile.mkdtemp(prefix=prefix, dir=temporary_folder())
            folder = Path(made)
        yield folder
    finally:
        with held_signals():
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)


def remove_tree(path: Path) -> None:
    """Remove a folder, or whatever else is at a path, as far as possible."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        return
    # `rmtree` would open a pipe, and wait for somebody to write into it.
    with suppress(OSError):
        path.unlink()


def refuse_foreign(folder: Path, is_ours: Callable[[str], bool]) -> None:
    """Refuse to replace a folder that holds files of others.

    is_ours: whether a file or folder with this name, such as "a.txt", may be removed
    Raises UserError if there is such a file, or if the path is no folder, or a link.
    """
    got = ""
    if folder.is_symlink() or not folder.is_dir():
        if not os.path.lexists(folder):
            return
        got = "a link" if folder.is_symlink() else kind_of(folder)
    else:
        paths = [path for path in folder.rglob("*") if not _is_litter(path.name)]
        names = sorted(path.relative_to(folder).as_posix() for path in paths)
        others = [name for name in names if not is_ours(name)]
        if not others:
            return
        got = shown(others[0])
        if len(others) > 1:
            got += f" and {counted(len(others) - 1, 'other file')}"
    raise UserError(
        f"{shown(folder, 400)}: would be replaced: expected a folder with nothing but files "
        f"of fewbench, got {got}. Move it away, or choose another folder"
    )


def _is_litter(name: str) -> bool:
    # On foreign disks, macOS keeps what it knows of a file in another one.
    return name in _LITTER or name.startswith("._")


def replace_folder(finished: Path, folder: Path) -> None:
    """Rename the folder `finished` to `folder`, and remove the old `folder`.

    Between two renames, there is no `folder` for a moment. If the process is killed at
    that moment, the old folder stays beside it; see `old_folder`. A signal that asks the
    process to end waits until it is over.
    """
    old = old_folder(folder)
    remove_tree(old)
    with held_signals():
        if folder.exists():
            folder.rename(old)
        finished.rename(folder)
    remove_tree(old)


def old_folder(folder: Path) -> Path:
    """Return where `replace_folder` keeps the old folder between its two renames."""
    return folder.with_name(f"{folder.name}.old.partial")


def _move_files(partial: Path, out: Path) -> None:
    names = set(_files_in(partial))
    earlier = _earlier_files(out)
    _refuse_others(out, names - earlier)
    listing = out / LISTING
    # Even if the process is killed from here on, the next call knows all earlier files.
    write_text(listing, "\n".join(sorted(earlier | names)))
    for name in sorted(names):
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        os.replace(partial / name, path)
    for name in earlier - names:
        _remove_file(out, name)
    write_text(listing, "\n".join(sorted(names)))


def _earlier_files(out: Path) -> set[str]:
    """Return the names of the files in a folder that earlier calls wrote."""
    listing = out / LISTING
    if not listing.exists():
        return set()
    try:
        text = read_bytes(listing).decode("utf-8", "replace")
    except DocumentError as error:
        raise UserError(
            f"{listing}: nothing was written: expected the list of earlier files, got "
            f"another file ({error}). Delete it: rm {shlex.quote(str(listing))}"
        ) from error
    return set(text.splitlines())


def _refuse_others(out: Path, names: set[str]) -> None:
    """Raise UserError if files of these names, which are new, are in a folder already."""
    others = [name for name in sorted(names) if _is_taken(out, name)]
    if not others:
        return
    more = ""
    if len(others) > 1:
        more = f" and {counted(len(others) - 1, 'other file')}"
    raise UserError(
        f"{out}: nothing was written: expected a folder without files of others, got "
        f"{others[0]}{more}, which would be overwritten. Choose another folder with "
        f"--out, or move {'it' if len(others) == 1 else 'them'} away"
    )


def _is_taken(out: Path, name: str) -> bool:
    """Tell whether a file cannot get its name, because something else has it."""
    path = out / name
    if os.path.lexists(path):
        return True
    within = [folder for folder in path.parents if folder.is_relative_to(out)]
    return any(folder.exists() and not folder.is_dir() for folder in within)


def _files_in(folder: Path) -> Iterator[str]:
    """Yield the names of all files, such as "a.txt" or "sub/b.txt"."""
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.relative_to(folder).as_posix()


def _remove_file(out: Path, name: str) -> None:
    """Remove a file, and the folders below `out` that it leaves empty."""
    path = out / name
    # A listing that was changed by hand might lead out of the folder.
    is_inside = path.parent.resolve().is_relative_to(out)
    if not is_inside or not path.is_file():
        return
    path.unlink()
    for folder in path.parents:
        if folder == out or any(folder.iterdir()):
            break
        folder.rmdir()
