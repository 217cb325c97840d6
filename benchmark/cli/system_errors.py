"""Say in a sentence what the system could not do, and what helps."""

import errno

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
    errno.EISDIR: "Name a file in it, or another file.",
    errno.EMFILE: "Allow more open files: ulimit -n 4096",
    errno.EBADF: "Do not close it, or send it to a file: fewbench ... > FILE",
}


def system_error_text(error: Exception) -> str | None:
    """Return the message for an error of the system; None for an error of a program.

    It names the file and the reason, and says what to do.
    """
    text = str(error)
    if any(words in text for words in _LIBRARY):
        return (
            f"a library cannot be loaded: {text}. Install it with your system's package "
            f"manager, or install the Python package that needs it again. To see what "
            f"is installed, type: fewbench env"
        )
    if isinstance(error, MemoryError) or any(words in text for words in _MEMORY):
        first_line = text.partition("\n")[0]
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
        reason = "expected a folder, got a file"
        advice = "Choose another folder."
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{reason}. {advice}"
