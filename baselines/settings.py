"""Parse settings that a user types: texts `key=value`."""

from collections.abc import Sequence
from typing import Any

from fewbench.documents import DocumentError, parse_toml, shown

from .learner import BaselineError


def parse_settings(
    settings: Sequence[str], allowed: Sequence[str] = ()
) -> dict[str, Any]:
    """Parse texts `key=value` or `table.key=value`. Return the values by their keys.

    allowed: the keys that may be set; empty if every key may be set
    Raises BaselineError if a key is not allowed or a text has no "=".
    """
    values: dict[str, Any] = {}
    for text in settings:
        key, value = _parse_setting(text)
        values[key] = value
    for key in sorted(values):
        if allowed and key not in allowed:
            name = shown(key)
            raise BaselineError(
                f"--set {name}=...: cannot change {name}, because the weights "
                f"are trained already: expected one of {', '.join(allowed)}. Omit this "
                f"setting."
            )
    return values


def _parse_setting(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals:
        raise BaselineError(
            f"--set {shown(text, 200)}: expected key=value, got no '='. Write for instance: --set "
            f"lr=0.0005"
        )
    try:
        line = f"value = {value}"
        parsed = parse_toml(line.encode("utf-8", "surrogateescape"))["value"]
    except DocumentError:
        # Not TOML: a word without quotes, such as backend=higher.
        parsed = value.strip()
    if not key.strip():
        raise BaselineError(
            f"--set {shown(text, 200)}: expected key=value, got no key. Write for instance: --set "
            f"lr=0.0005"
        )
    return key.strip(), parsed
