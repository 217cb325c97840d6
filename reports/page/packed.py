"""Pack the rows of a long page, so that the file stays small.

The first rows stand on the page as plain HTML. The others lie compressed behind them,
and the script of the page unpacks them in the browser.
"""

import base64
import gzip
import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from markupsafe import Markup

MANY = 300  # a page of more results is packed
FIRST = 20  # rows of each table that stay plain on a packed page
_LEVEL = 6
# Stands between two fragments. The templates replace this character in every text.
_BETWEEN = b"\x1e"


class Packing:
    """What a template asks about the rows of its page.

    is_long: whether the page is so long that rows are packed
    """

    def __init__(self, n_results: int) -> None:
        self.is_long = n_results > MANY

    def first(self, rows: Sequence[Any]) -> Sequence[Any]:
        """Return the rows that are plain HTML."""
        if self.is_long:
            return rows[:FIRST]
        return rows

    def rest(self, rows: Sequence[Any]) -> Sequence[Any]:
        """Return the rows that are packed."""
        if self.is_long:
            return rows[FIRST:]
        return []

    def packed(
        self,
        rows: Iterable[Any],
        shown: Callable[[Any, Any], str],
        context: object = None,
    ) -> Markup:
        """Return rows as HTML, compressed by gzip and in base64.

        shown: the macro that returns the HTML of a row
        context: the second argument of the macro
        """
        return pack(shown(row, context) for row in rows)


def pack(fragments: Iterable[str]) -> Markup:
    """Compress fragments of HTML into one text in base64.

    The fragments are compressed one after another, so that they never lie in memory all
    together.
    """
    buffer = io.BytesIO()
    # Without a time, the same fragments give the same bytes.
    with gzip.GzipFile("", "wb", _LEVEL, buffer, mtime=0) as file:
        for number, fragment in enumerate(fragments):
            if number:
                file.write(_BETWEEN)
            file.write(fragment.encode())
    encoded = base64.b64encode(buffer.getvalue())
    return Markup(encoded.decode("ascii"))
