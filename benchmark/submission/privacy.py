"""Find and remove paths and user names, which must not travel with a submission."""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

from ...reports.records import RunResult

# A path has two or more folders from the root on, or begins with a home folder or a drive of
# Windows. A relative path or a fraction such as images/s is none, nor is ~1/3.
_PART = r"[^\s'\"/\\:;,=<>|]+"
_NEW = r"(?<![\w/.\\~])"
_HOME = r"~(?:[A-Za-z_][\w.-]*)?"
_FOLDERS = rf"(?:file:(?://[\w.-]*)?)?(?:/{_PART}(?:/{_PART})+/?|/root\b/?)"
_FROM_HOME = rf"{_HOME}(?:[/\\]{_PART})+[/\\]?"
_DRIVE = rf"[A-Za-z]:[/\\](?:{_PART}(?:[/\\]{_PART})*[/\\]?)?"
_SHARE = rf"\\\\{_PART}(?:\\{_PART})+\\?"
# In quotes, as a shell writes it, a path may have spaces.
_QUOTED = rf"(?<=')(?:/|{_HOME}[/\\]|[A-Za-z]:[/\\]|\\\\)[^'/\\]+[/\\][^']*(?=')"
# An address on the web is nobody's secret, whatever its path looks like.
_ADDRESS = r"\b(?!file:)[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s'\"<>|,;]+"
_PATTERN = re.compile(
    rf"(?P<address>{_ADDRESS})|{_QUOTED}"
    rf"|{_NEW}(?:{_FOLDERS}|{_FROM_HOME}|{_DRIVE}|{_SHARE})"
)
_SEPARATOR = re.compile(r"[/\\]+")
# The folders in these are named after users.
_PARENTS = ("home", "homes", "users", "user", "root")


def private_paths(text: str) -> list[str]:
    """Return the paths in a text that tell of somebody's machine."""
    found = _PATTERN.finditer(text)
    return [match.group() for match in found if not match["address"]]


def without_paths(text: str) -> str:
    """Shorten every private path in a text to the name of its file or folder.

    A name that may be that of a user becomes PATH, such as the last one in /home/NAME.
    """
    return _PATTERN.sub(_shortened, text)


def scrubbed(result: RunResult) -> RunResult:
    """Return a result without paths and without the names of machines."""
    header = {name: cleaned(value) for name, value in result.header().items()}
    header["segments"] = tuple(replace(one, host="") for one in header["segments"])
    return replace(result, **header)


def cleaned(value: Any) -> Any:
    """Return a value with every text in it `without_paths`.

    value: a JSON value, or a record of texts and numbers
    """
    if isinstance(value, str):
        return without_paths(value)
    if isinstance(value, list | tuple):
        return type(value)(map(cleaned, value))
    if isinstance(value, dict):
        return {cleaned(key): cleaned(inner) for key, inner in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        inner = {field.name: getattr(value, field.name) for field in fields(value)}
        return replace(value, **cleaned(inner))
    return value


def private_texts(value: object, where: str = "") -> Iterator[tuple[str, str]]:
    """Yield each private path in a JSON document, with the field that holds it."""
    if isinstance(value, str):
        for path in private_paths(value):
            yield where, path
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from private_texts(key, where)
            yield from private_texts(inner, f"{where}.{key}" if where else str(key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from private_texts(inner, f"{where}.{index}")


def _shortened(match: re.Match[str]) -> str:
    if match["address"]:
        return match.group()
    parts = [part for part in _SEPARATOR.split(match.group()) if part]
    is_short = len(parts) <= 2 and not parts[0].startswith("~")
    if is_short or parts[-2].lower() in _PARENTS:
        return "PATH"
    return parts[-1]
