"""Read JSON and TOML documents safely: limit their size, and check their schema."""

import json
import math
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from .plain_words import kind_of, plain

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError

# Far more than any document of fewbench needs.
MOST_BYTES = 64 << 20
_DEEPEST = 32
_LONGEST_NUMBER = 40  # digits of an integer
_MOST_BITS = 133  # of an integer with so many digits
_MANY_PARTS = re.compile(r"(?:[\w\"'-]+[ \t]*\.[ \t]*){32}")
# A spreadsheet takes a cell that begins with one of these for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

# What to do about a file of a newer fewbench, or about a damaged installation.
UPGRADE = (
    "Get a newer fewbench, and in its folder type: python -m pip install --upgrade ."
)
REINSTALL = (
    "Get fewbench again, and in its folder type: python -m pip install "
    "--force-reinstall ."
)

Schema = TypeVar("Schema")


class DocumentError(ValueError):
    """A document that cannot be used. The text says why, without the path."""


def read_bytes(path: Path, most_bytes: int = MOST_BYTES) -> bytes:
    """Read the bytes of a file.

    Raises DocumentError if the file is too large, or if it is a pipe or a device, which
    might never end. Raises OSError if there is no such file.
    """
    if path.exists() and not path.is_file():
        raise DocumentError(f"it is {kind_of(path)}, not a file")
    with path.open("rb") as file:
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise DocumentError(f"expected at most {most_bytes:,} bytes, got more")
    return data


def parse_json(data: bytes) -> Any:
    """Parse a JSON document in UTF-8.

    Raises DocumentError if the document is damaged or nested too deeply, has a key twice,
    or holds half a surrogate pair or a number that is not finite or has too many digits.
    """
    text = _decode(data)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_without_doubles,
            parse_constant=_refuse_constant,
            parse_int=_bounded_int,
        )
    except RecursionError:
        raise DocumentError("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise DocumentError(f"it is no JSON: {error}") from None
    _check_values(value)
    return value


def parse_toml(data: bytes) -> dict[str, Any]:
    """Parse a TOML document in UTF-8.

    Raises DocumentError in the same cases as `parse_json`.
    """
    text = _decode(data)
    # tomllib takes quadratic time for a key of many parts.
    if _MANY_PARTS.search(text):
        raise DocumentError(f"it has a key of more than {_DEEPEST} parts")
    try:
        value = tomllib.loads(text)
    except RecursionError:
        raise DocumentError("it is nested too deeply") from None
    except ValueError as error:  # of tomllib, and of integers with too many digits
        raise DocumentError(f"it is no TOML: {error}") from None
    _check_values(value)
    return value


def fit(value: object, schema: "TypeAdapter[Schema]") -> Schema:
    """Convert a parsed document to the type of its schema.

    Raises DocumentError with the first fault.
    """
    from pydantic import ValidationError

    try:
        return schema.validate_json(json.dumps(value))
    except ValidationError as error:
        raise DocumentError(explain(error)) from error


def newer_version(document: object, newest: int) -> int | None:
    """Return the schema version of a document if it is newer than the newest known one.

    None if it is not newer, or if the document has no version.
    """
    version = None
    if isinstance(document, dict):
        version = document.get("schema_version")
    if isinstance(version, int) and version > newest:
        return version
    return None


def explain(error: "ValidationError") -> str:
    """Return the first error in a ValidationError, on one line.

    The line says which field is wrong, what was expected and what was found.
    """
    first = error.errors(include_url=False)[0]
    where = shown(".".join(str(part) for part in first["loc"]))
    what = plain(first["msg"])
    if first["type"] in ("missing", "missing_argument"):
        return f"{where} is missing"
    if not where:
        return what
    got = shown(repr(first["input"]), 60)
    return f"{where}: {what} (got {got})"


def shown(text: object, longest: int = 80) -> str:
    """Make foreign text safe for a message: cut it short, and keep it on one line."""
    return printable(str(text)[:longest])


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun, such as "1 image" or "2,000 images".

    plural: the noun for several; "" for the noun with an s
    """
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {plural or noun + 's'}"


def printable(text: str, keep: str = "") -> str:
    """Replace every unprintable character by its code, such as \\x1b.

    Such characters move the cursor, colour a terminal, reverse the writing direction,
    or end a line. Spaces of every width are kept.
    keep: other characters to keep
    """
    if text.isprintable():
        return text
    return "".join(one if one in keep else _visible(one) for one in text)


def in_lines(lines: Iterable[str]) -> str:
    """Join lines to a text.

    A line end in a line is escaped, so that no name from a file begins a line.
    """
    return "\n".join(map(printable, lines))


def csv_cell(text: str) -> str:
    """Return text for a cell of a CSV that no spreadsheet takes for a formula.

    A quotation mark is put before text that begins like one. Unprintable characters are
    escaped.
    """
    shown_text = printable(text)
    return f"'{shown_text}" if text.startswith(_FORMULA) else shown_text


def _visible(character: str) -> str:
    if character.isprintable() or unicodedata.category(character) == "Zs":
        return character
    return character.encode("unicode_escape").decode()


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DocumentError(f"expected text in UTF-8, got {error.reason}") from None


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise DocumentError(f"the key '{shown(key)}' is there twice")
            seen.add(key)
    return values


def _refuse_constant(name: str) -> None:
    raise DocumentError(f"expected finite numbers, got {name}")


def _bounded_int(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise DocumentError(f"expected numbers of at most {_LONGEST_NUMBER} digits")
    return int(digits)


def _check_values(document: object) -> None:
    """Raise DocumentError for values that JSON and TOML allow but fewbench does not."""
    for depth, value in _walk(document):
        if depth > _DEEPEST:
            raise DocumentError("it is nested too deeply")
        # TOML has numbers in other bases, whose digits tomllib does not count.
        if isinstance(value, int) and value.bit_length() > _MOST_BITS:
            raise DocumentError(f"expected numbers of at most {_LONGEST_NUMBER} digits")
        if isinstance(value, float) and not math.isfinite(value):
            raise DocumentError(f"expected finite numbers, got {value}")
        if isinstance(value, str) and not _can_be_encoded(value):
            raise DocumentError(f"half a surrogate pair is no text: {value[:20]!a}")


def _walk(document: object) -> Iterator[tuple[int, object]]:
    """Yield every value of a document, and every key, with its depth."""
    waiting = [(0, document)]
    while waiting:
        depth, value = waiting.pop()
        yield depth, value
        if depth > _DEEPEST:
            continue
        inner: list[object] = []
        if isinstance(value, dict):
            inner = [*value, *value.values()]
        elif isinstance(value, list):
            inner = value
        waiting += [(depth + 1, one) for one in inner]


def _can_be_encoded(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
