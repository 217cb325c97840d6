"""Find and remove paths and user names, which must not travel with a submission."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ...reports.records import RunResult

# Two or more folders from the root on, a home folder, or a drive of Windows. An address
# such as https://a/b is none, nor is a relative path or a fraction such as images/s.
_PART = r"[^\s'\"/\\:;,=<>|]+"
_PATH = re.compile(
    rf"(?<![\w/:.\\])(?:file://)?(?:/{_PART}(?:/{_PART})+/?|/root\b/?)"
    rf"|(?<!\w)[A-Za-z]:\\{_PART}(?:\\{_PART})*\\?"
    rf"|~{_PART}?(?:/{_PART})+/?"
)
# The last part of such a path is a user name, so it may not stay.
_HOME = re.compile(r"(/home/|/Users/|/root\b|[A-Za-z]:\\Users\\|~)[^/\\]*[/\\]?")


def private_paths(text: str) -> list[str]:
    """Return the paths in a text that tell of somebody's machine."""
    return [match.group() for match in _PATH.finditer(text)]


def without_paths(text: str) -> str:
    """Shorten every private path in a text to the name of its file or folder.

    A home folder becomes PATH, because its name is the name of a user.
    """
    return _PATH.sub(lambda match: _last_name(match.group()), text)


def scrubbed(result: RunResult) -> RunResult:
    """Return a result without paths and without the names of machines."""
    weights = result.weights
    if weights is not None:
        weights = replace(weights, origin=without_paths(weights.origin))
    return replace(
        result,
        command=without_paths(result.command),
        environment=cleaned(result.environment),
        recipe=cleaned(result.recipe),
        segments=tuple(replace(one, host="") for one in result.segments),
        weights=weights,
    )


def cleaned(value: Any) -> Any:
    """Return a JSON value with every text in it `without_paths`."""
    if isinstance(value, str):
        return without_paths(value)
    if isinstance(value, list):
        return [cleaned(inner) for inner in value]
    if isinstance(value, dict):
        return {key: cleaned(inner) for key, inner in value.items()}
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


def _last_name(path: str) -> str:
    if _HOME.fullmatch(path):
        return "PATH"
    parts = [part for part in re.split(r"[/\\]", path) if part]
    return parts[-1]
