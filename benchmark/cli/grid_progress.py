"""Show how far a grid is: a table in a terminal, or lines in a file."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fewbench.documents import printable

from .console import SECONDS_BETWEEN_LINES, can_draw_bars, duration_text, say

if TYPE_CHECKING:
    from rich.table import Table

    from ..cluster.plan import Count
    from ..cluster.summary import Summary
    from ..cluster.task import Kind

# The words for the tasks of each kind.
KINDS: "Mapping[Kind, str]" = {
    "training": "trainings",
    "features": "blocks of features",
    "answers": "ranges of answers",
    "result": "results",
}
ONE: "Mapping[Kind, str]" = {
    "training": "training",
    "features": "block of features",
    "answers": "range of answers",
    "result": "result",
}
_SECONDS_BETWEEN_DRAWINGS = 0.5

Watch = Callable[["Summary"], None]


@contextmanager
def shown_progress(counts: "Mapping[Kind, Count]") -> Iterator[Watch]:
    """Yield a function that shows the state of the work on stderr.

    counts: the number of tasks, and how many were done at the start
    """
    from rich.console import Console
    from rich.live import Live

    console = Console(stderr=True)
    if not can_draw_bars(console):
        yield _Lines(counts)
        return
    with Live(console=console, auto_refresh=False, transient=True) as live:
        last = 0.0

        def draw(summary: "Summary") -> None:
            nonlocal last
            if time.monotonic() - last >= _SECONDS_BETWEEN_DRAWINGS:
                last = time.monotonic()
                live.update(progress_table(counts, summary), refresh=True)

        yield draw


def progress_table(counts: "Mapping[Kind, Count]", summary: "Summary") -> "Table":
    """Return the table of a terminal: a row for each kind of task, and the time left."""
    from rich.table import Table
    from rich.text import Text

    # Who is waited for has names from other machines in it, which rich would read as markup.
    caption = Text(printable(footer(counts, summary)))
    table = Table(caption=caption, caption_justify="left")
    for title in ("", "done", "to do", "a minute"):
        table.add_column(title, justify="left" if not title else "right")
    for kind, count in counts.items():
        done = _done(kind, count, summary)
        new = _new(kind, summary)
        rate = f"{60 * new / summary.seconds:.1f}" if new and summary.seconds else ""
        table.add_row(KINDS[kind], f"{done:,}", f"{count.total - done:,}", rate)
    return table


def progress_text(counts: "Mapping[Kind, Count]", summary: "Summary") -> str:
    """Return the state of the work as one line."""
    parts = []
    for kind, count in counts.items():
        done = _done(kind, count, summary)
        parts.append(f"{done:,} of {count.total:,} {KINDS[kind]}")
    return f"{', '.join(parts)}; {footer(counts, summary)}"


def footer(counts: "Mapping[Kind, Count]", summary: "Summary") -> str:
    """Return what is running, what failed, how long the rest takes, and who is waited for."""
    words = [f"{summary.running} running", f"{len(summary.failures)} failed"]
    left = sum(
        count.total - _done(kind, count, summary) for kind, count in counts.items()
    )
    new = sum(_new(kind, summary) for kind in counts)
    if new and left:
        seconds = summary.seconds * left / new
        words.append(f"about {duration_text(seconds)} left if tasks go on at this rate")
    if summary.waiting:
        words.append(f"waiting: {summary.waiting}")
    return ", ".join(words)


class _Lines:
    """Prints a line every 30 seconds."""

    def __init__(self, counts: "Mapping[Kind, Count]") -> None:
        self._counts = counts
        self._last = time.monotonic()

    def __call__(self, summary: "Summary") -> None:
        if time.monotonic() - self._last >= SECONDS_BETWEEN_LINES:
            self._last = time.monotonic()
            say(progress_text(self._counts, summary))


def _new(kind: "Kind", summary: "Summary") -> int:
    return summary.done[kind] + summary.by_others[kind]


def _done(kind: "Kind", count: "Count", summary: "Summary") -> int:
    return min(count.total, count.done + _new(kind, summary))
