"""TODO docstring of fewbench.datasets.archives.safe_names."""


def unsafe(name: str) -> bool:
    """Absolute, with a drive letter, a backslash, a null, or an empty, `.` or `..` part."""
    parts = name.split("/")
    return name[1:2] == ":" or bool(
        {"\\", "\0"} & set(name) or {"", ".", ".."} & set(parts)
    )


def hidden(name: str) -> bool:
    """Whether a name belongs to what systems leave behind, such as .DS_Store or __MACOSX/."""
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))
