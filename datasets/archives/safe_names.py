"""Recognise unsafe and hidden file names in an archive."""


def unsafe(name: str) -> bool:
    """Return whether a name could lead outside the folder that it is unpacked to.

    A name is unsafe if it is an absolute path, if it has a drive letter, a backslash or
    a null character, or if a part of it is empty, `.` or `..`.
    """
    has_drive = name[1:2] == ":"
    if has_drive or "\\" in name or "\0" in name:
        return True
    parts = name.split("/")
    return any(part in ("", ".", "..") for part in parts)


def hidden(name: str) -> bool:
    """Return whether a file is hidden, such as .DS_Store or a file in __MACOSX/.

    A file is hidden if a part of its path starts with a dot, or is `__MACOSX` or `@eaDir`
    (the folder in which Synology's disks keep thumbnails).
    """
    for part in name.split("/"):
        if part.startswith("."):
            return True
        if part in ("__MACOSX", "@eaDir"):
            return True
    return False
