"""Say in a sentence what the system could not do, and what helps."""

import errno
from pathlib import Path

from fewbench.plain_words import kind_of

_LIBRARY = ("cannot open shared object file", "DLL load failed", "Library not loaded")
_MEMORY = ("allocate memory", "out of memory", "Unable to allocate")
_TOO_LITTLE = "Free some space, or choose another folder."
_FORBIDDEN = "Choose another folder, or ask for the right to use this one."
_ADVICE = {
    errno.ENOSPC: _TOO_LITTLE,
    errno.EDQUOT: _TOO_LITTLE,
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.EROFS: _FORBIDDEN,
    errno.ENOENT: "Check the path.",
    errno.ELOOP: "Check the links in this path.",
    errno.ENAMETOOLONG: "Choose a shorter name.",
    errno.EFBIG: "Allow larger files: ulimit -f unlimited",
    errno.ESTALE: "Type the same command again.",
    errno.EMFILE: "Allow more open files: ulimit -n 4096",
    errno.EBADF: "Do not close it, or send it to a file: fewbench ... > FILE",
}


def system_error_text(error: Exception) -> str | None:
    """Return the message for an error of the system; None for an error of a program.

    It names the file and the reason, and says what to do.
    """
    text = " ".join(str(error).split())
    if any(words in text for words in _LIBRARY):
        return (
            f"a library cannot be loaded: {text}. Install it with your system's package "
            f"manager, or install the Python package that needs it again. To see what "
            f"is installed, type: fewbench env"
        )
    if isinstance(error, MemoryError) or any(words in text for words in _MEMORY):
        first_line = str(error).partition("\n")[0]
        return (
            f"not enough memory ({first_line}). Use a smaller model, or fewer episodes or "
            f"images at a time, or close other programs."
        )
    if isinstance(error, OSError):
        return os_error_text(error)
    return None


def os_error_text(error: OSError) -> str:
    """Return the message for a file or folder that cannot be read or written."""
    reason = error.strerror or str(error).rstrip(".")
    advice = _ADVICE.get(error.errno or 0, "Check it, or choose another one.")
    if isinstance(error, FileExistsError | NotADirectoryError):
        reason = f"expected a folder, got {_in_the_way(error.filename)}"
        advice = "Choose another folder."
    if isinstance(error, IsADirectoryError):
        reason = "expected a file, got a folder"
        advice = "Move it away, or name another file."
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{reason}. {advice}"


def _in_the_way(name: object) -> str:
    """Return in words what is in the place of a folder: a file, or a pipe, for example."""
    kind = kind_of(Path(str(name)))
    return "a file" if kind in ("nothing", "a folder") else kind
