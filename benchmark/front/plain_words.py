"""Say in plain words what pydantic says about a value, and what is at a path."""

import stat
from pathlib import Path

# The start of pydantic's message about a value -> the whole message in plain words.
_KINDS = {
    "Input should be a valid boolean": "expected true or false",
    "Input should be a valid dictionary": "expected a table",
    "Input should be a valid integer": "expected a whole number",
    "Input should be a valid list": "expected a list",
    "Input should be a valid number": "expected a number",
    "Input should be a valid string": "expected a text",
    "Unexpected keyword argument": "is no known key",
}
# The start of a message -> the words in its place.
_STARTS = {
    "Input should be greater": "expected a number greater",
    "Input should be less": "expected a number less",
    "Input should be ": "expected ",
    "String should have ": "expected a text with ",
    "Value error, ": "",
}
_AT_A_PATH = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def plain(message: str) -> str:
    """Return pydantic's message about a value in the words of a user.

    For example, "Input should be a valid integer, unable to parse string as an integer"
    becomes "expected a whole number".
    """
    for start, words in _KINDS.items():
        if message.startswith(start):
            return words
    for start, words in _STARTS.items():
        if message.startswith(start):
            return words + message.removeprefix(start)
    return message


def kind_of(path: Path) -> str:
    """Return in words what is at a path, such as "a folder" or "a pipe"."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return "a broken link" if path.is_symlink() else "nothing"
    return _AT_A_PATH.get(stat.S_IFMT(mode), "a file")
