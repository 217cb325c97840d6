"""Which names of files in an archive are dangerous, and which are left out."""


def unsafe(name: str) -> bool:
    """Whether a name could lead outside the folder that it is unpacked to.

    True for an absolute path, a drive letter, a backslash, a null character, and an empty,
    `.` or `..` part.
    """
    has_drive = name[1:2] == ":"
    if has_drive or "\\" in name or "\0" in name:
        return True
    parts = name.split("/")
    return any(part in ("", ".", "..") for part in parts)


def hidden(name: str) -> bool:
    """Whether a system left the file behind, as it does .DS_Store and __MACOSX/."""
    for part in name.split("/"):
        if part.startswith("."):
            return True
        if part == "__MACOSX":
            return True
    return False
