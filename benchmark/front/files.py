"""Write files completely or not at all. Check their places before the work."""

import errno
import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import IO, Any, Self

from .errors import UserError
from .plain_words import kind_of
from .signals import held_signals


def open_file(path: Path) -> BufferedReader:
    """Open a file to read its bytes.

    Raises OSError if it cannot be opened, or if it is a pipe or a device: opening these
    may wait for ever.
    """
    require_file(path)
    return path.open("rb")


def require_file(path: Path) -> None:
    """Raise OSError if something is at a path that is neither a file nor a folder."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise OSError(errno.EINVAL, f"it is {kind_of(path)}, not a file", str(path))


def check_file_places(*paths: Path, links: bool = True) -> None:
    """Check that files can be written at some paths, before the work for them.

    links: whether a link to a file may be there
    Raises UserError if something else than a file is there, such as a folder.
    """
    for path in paths:
        is_refused_link = path.is_symlink() and not links
        if is_refused_link or (os.path.lexists(path) and not path.is_file()):
            raise _taken(path, "a file")


def check_folder_places(*paths: Path) -> None:
    """Check that folders can be at some paths, before the work for them.

    Raises UserError if something else than a folder is there, such as a file.
    """
    for path in paths:
        if os.path.lexists(path) and not path.is_dir():
            raise _taken(path, "a folder")


def _taken(path: Path, expected: str) -> UserError:
    got = kind_of(path)
    if got == expected:
        got = f"a link to {got}"
    return UserError(
        f"{path}: expected {expected} or nothing, got {got}. Move it away, then type the "
        f"same command again"
    )


def file_identity(file: Path | int) -> tuple[int, ...] | None:
    """Return numbers that change when a file is replaced or written; None if it is missing.

    file: path or file descriptor
    """
    with suppress(FileNotFoundError, NotADirectoryError):
        status = os.stat(file)
        return (
            status.st_dev,
            status.st_ino,
            status.st_size,
            status.st_mtime_ns,
        )
    return None


def write_bytes(path: Path, data: bytes, *, durable: bool = False) -> Path:
    """Write a file completely or not at all. Return its path.

    The bytes are written to `<name>.partial`, which is then renamed. A missing folder
    is created. If several processes write the same file, one waits for the other.
    durable: whether to wait until the bytes are on the disk and survive a power cut
    Raises OSError if the disk is full or read-only. The partial file is then removed.
    """
    write_together({path: data}, durable=durable)
    return path


def write_together(files: Mapping[Path, bytes], *, durable: bool = False) -> None:
    """Write files that belong together. If one cannot be written, all stay as they were.

    They get their names, in this order, only when the bytes of all are written. A signal
    waits until then.
    durable: as in `write_bytes`
    Raises OSError as `write_bytes` does.
    """
    with ExitStack() as stack:
        partials: list[_PartialFile] = []
        for path, data in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = stack.enter_context(_PartialFile(path))
            partial.write(data, durable=durable)
            partials.append(partial)
        with held_signals():
            for partial in partials:
                partial.rename()


def write_text(path: Path, text: str, *, durable: bool = False) -> Path:
    r"""Write text as UTF-8 with `write_bytes`. Line ends are "\n" on every platform."""
    return write_bytes(path, text.encode(), durable=durable)


def write_json(path: Path, document: dict[str, Any], *, durable: bool = False) -> Path:
    """Write an indented JSON document with sorted keys, using `write_bytes`.

    Raises ValueError if the document contains NaN or infinity.
    """
    text = json.dumps(document, indent=2, sort_keys=True, allow_nan=False)
    return write_text(path, text + "\n", durable=durable)


def home_path(path: Path | str, where: str) -> Path:
    """Return a path with the user's home folder in place of ~.

    where: the option or the variable that holds the path, for the error
    Raises UserError if the path begins with the name of an unknown user, as ~nobody/x.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise UserError(
            f"{where}: expected a folder, got {path}, but there is no user of this name. "
            f"Write the whole path, such as /home/name/data, or ./{path}"
        ) from error


def file_digest(path: Path, algorithm: str) -> str:
    """Return the hexadecimal checksum of a file.

    algorithm: the name of a hash function in hashlib, such as "sha256"
    Raises OSError if the file cannot be read.
    """
    with open_file(path) as file:
        # These checksums detect damage, not attacks. FIPS systems allow md5 only with
        # usedforsecurity=False.
        digest = hashlib.file_digest(
            file, lambda: hashlib.new(algorithm, usedforsecurity=False)
        )
    return digest.hexdigest()


class _PartialFile:
    """A file under its name for the time before it is complete: `<name>.partial`.

    The process that writes it holds a lock of the operating system on it, as far as there
    are such locks. So two processes never write into the same partial file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._partial = path.with_name(f"{path.name}.partial")
        self._is_renamed = False

    def __enter__(self) -> Self:
        with self._errors_name_the_file():
            self._remove_what_is_no_file()
            self._file = self._partial.open("ab")
            while not self._is_ours():
                self._file.close()
                self._file = self._partial.open("ab")
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file, and remove it if it was not renamed."""
        if not self._is_renamed:
            self._partial.unlink(missing_ok=True)
        # If the disk is full, closing the file tries to write again.
        with suppress(OSError):
            self._file.close()

    def _remove_what_is_no_file(self) -> None:
        """Remove a link, which leads to another file, or a pipe, which may wait for ever."""
        try:
            # One look alone: another process may rename its file at any moment.
            kind = self._partial.lstat().st_mode
        except FileNotFoundError:
            return
        if not stat.S_ISREG(kind):
            self._partial.unlink(missing_ok=True)

    def write(self, data: bytes, *, durable: bool) -> None:
        """Write the whole content."""
        with self._errors_name_the_file():
            self._file.truncate(0)  # a process that was killed may have left some bytes
            self._file.write(data)
            self._file.flush()
            if durable:
                os.fsync(self._file.fileno())

    def rename(self) -> None:
        """Give the file its name."""
        with self._errors_name_the_file():
            if os.name == "nt":  # Windows renames no open file.
                self._file.close()
            os.replace(self._partial, self._path)
        self._is_renamed = True

    def _is_ours(self) -> bool:
        """Wait for the lock. Return False if its last owner has renamed the file."""
        try:
            import fcntl  # Windows does not have this module.

            fcntl.flock(self._file, fcntl.LOCK_EX)
        except (ImportError, OSError):
            return True  # The system or the file system has no locks.
        return is_in_place(self._file, self._partial)

    @contextmanager
    def _errors_name_the_file(self) -> Iterator[None]:
        """Let errors name the file: a full disk names none, a rename the partial one."""
        try:
            yield
        except OSError as error:
            error.filename = str(self._path)
            raise


def is_in_place(file: IO[bytes], path: Path) -> bool:
    """Return whether a path still leads to an open file, and to no other one."""
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    return False
