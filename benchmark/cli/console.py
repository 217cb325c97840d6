"""Print answers on stdout, and progress and errors on stderr."""

import errno
import importlib.util
import json
import shutil
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from fewbench.documents import printable, shown
from fewbench.errors import UserError
from fewbench.progress import Progress

from .advice import with_root

if TYPE_CHECKING:
    from rich.console import Console

SECONDS_BETWEEN_LINES = 30.0


def emit(document: Mapping[str, object], text: str, as_json: bool) -> None:
    """Print the answer of a command on stdout, as a JSON document or as text.

    Characters from files that cannot be printed are escaped. The commands in a text use
    the --root of the user's command.
    Raises OSError if stdout is closed, or if it cannot be written.
    """
    if as_json:
        text = json.dumps(document, indent=2, sort_keys=True, allow_nan=False)
    else:
        text = with_root(text, sys.argv[1:])
    if sys.stdout is None:
        raise OSError(
            errno.EBADF, "cannot print the answer, since it is closed", "stdout"
        )
    safe = printable(text, keep="\n").rstrip("\n")
    if sys.stdout.isatty() and not as_json:
        safe = wrapped(safe, shutil.get_terminal_size().columns)
    try:
        sys.stdout.write(safe + "\n")
        sys.stdout.flush()
    except OSError as error:
        error.filename = "stdout"
        # Python would try again to write the rest when it ends.
        with suppress(OSError):
            sys.stdout.close()
        sys.stdout = None
        raise


def wrapped(text: str, width: int) -> str:
    """Return a text whose long notes are broken between words.

    Rows of tables stay as they are, and so do lines with a command to copy.
    """
    lines: list[str] = []
    for line in text.splitlines():
        is_row = "  " in line.strip()
        if len(line) <= width or is_row or "fewbench " in line:
            lines.append(line)
            continue
        lines += textwrap.wrap(
            line, width, break_long_words=False, break_on_hyphens=False
        )
    return "\n".join(lines)


def say(*lines: str) -> None:
    """Print lines on stderr, such as those of an error or a remark.

    Characters from files that cannot be printed are escaped, and so are line ends in a
    line. The commands in it use the --root of the user's command.
    """
    for line in lines:
        completed = with_root(line, sys.argv[1:])
        sys.stderr.write(printable(completed) + "\n")


def say_error(error: UserError) -> None:
    """Print an error on stderr."""
    first, *rest = error.lines or ("",)
    say(f"error: {first}", *rest)


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """Yield a function that shows progress on stderr.

    It draws bars in a terminal and in a notebook. In a file or a pipe, it prints a line
    when there is news, such as a validation, and otherwise at most every 30 seconds.
    """
    from rich.console import Console

    console = Console(stderr=True)
    if can_draw_bars(console):
        with _drawn_bars(console) as advance:
            yield advance
    else:
        lines = ProgressLines(say)
        yield lines
        lines.finish()


def can_draw_bars(console: "Console") -> bool:
    """Return whether a bar can be redrawn in place.

    This is False in a file, a pipe or a dumb terminal, also where colours are forced. In a
    notebook, it is True if ipywidgets is installed.
    """
    if console.is_jupyter:
        return importlib.util.find_spec("ipywidgets") is not None
    return console.file.isatty() and not console.is_dumb_terminal


class ProgressLines:
    """Prints progress as lines of text, for files and pipes.

    It prints a line when a stage ends for the first time, when its remark changes, and
    otherwise only if the last line is 30 seconds old. A line says how much time the stage
    will still take. When a new stage begins, it prints how far the stages before it came.
    `finish` prints the last state of each stage.

    write: called with each line
    clock: returns the time in seconds
    """

    def __init__(
        self, write: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._write = write
        self._clock = clock
        self._last_line = clock()
        self._unprinted: dict[str, tuple[int, int, str]] = {}
        # Of each stage: the time of the first report and what was done then.
        self._begun: dict[str, tuple[float, int]] = {}
        self._remarks: dict[str, str] = {}
        self._ended: set[str] = set()

    def __call__(self, stage: str, done: int, total: int, remark: str = "") -> None:
        """Report progress; see `fewbench.progress.Progress` for the arguments."""
        if stage not in self._begun:
            self._begun[stage] = (self._clock(), done)
            self._remarks[stage] = remark
            self.finish()
        self._unprinted[stage] = (done, total, remark)
        # Some stages end several times, because new batches of episodes continue them.
        ends_first_time = 0 < total <= done and stage not in self._ended
        if ends_first_time:
            self._ended.add(stage)
        has_news = remark != self._remarks[stage]
        self._remarks[stage] = remark
        seconds = self._clock() - self._last_line
        if ends_first_time or has_news or seconds >= SECONDS_BETWEEN_LINES:
            self._print(stage)

    def finish(self) -> None:
        """Print the last state of each stage, if it is not printed yet."""
        for stage in list(self._unprinted):
            self._print(stage)

    def _print(self, stage: str) -> None:
        done, total, remark = self._unprinted.pop(stage)
        line = progress_line(stage, done, total, remark)
        left = self._seconds_left(stage, done, total)
        if left >= 1:
            line += f", about {duration_text(left)} left"
        self._write(line)
        self._last_line = self._clock()

    def _seconds_left(self, stage: str, done: int, total: int) -> float:
        """Return how many seconds a stage will still take; 0 if that is unknown."""
        began, done_before = self._begun[stage]
        progress = done - done_before
        if progress <= 0 or done >= total:
            return 0.0
        return (self._clock() - began) / progress * (total - done)


def duration_text(seconds: float) -> str:
    """Return a duration as text, such as "40 s", "12 min", "3.5 h" or "2.1 days"."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 100 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 48 * 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86400:.1f} days"


def progress_line(stage: str, done: int, total: int, remark: str = "") -> str:
    """Return the progress of a stage as text.

    For example, "classify: 500 of 2,000 (25 %)". See `fewbench.progress.Progress` for
    the arguments.
    """
    amount = _amount(stage, done)
    if total:
        percent = 100 * done // total
        amount = f"{amount} of {_amount(stage, total)} ({percent} %)"
    if remark:
        amount = f"{amount}, {remark}"
    return f"{stage}: {amount}"


def _amount(stage: str, number: int) -> str:
    """Return an amount as text: "1.5 MB" for a download, "2,000" for other stages."""
    from rich.filesize import decimal

    if stage.startswith("download"):
        return decimal(number)
    return f"{number:,}"


@contextmanager
def _drawn_bars(console: "Console") -> Iterator[Progress]:
    """Yield a function that draws a bar for each stage.

    The bar has the speed, the elapsed time and the remaining time of the stage.
    """
    from rich.markup import escape
    from rich.progress import Progress as Bars
    from rich.progress import (
        ProgressColumn,
        Task,
        TaskID,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Speed(ProgressColumn):
        """The speed of a stage: bytes per second in a download, otherwise items per second."""

        def render(self, task: Task) -> Text:
            speed = int(task.finished_speed or task.speed or 0)
            if speed == 0:
                return Text("")
            return Text(f"{_amount(task.description, speed)}/s")

    bars = Bars(
        *Bars.get_default_columns()[:3],
        TextColumn("{task.fields[remark]}"),
        Speed(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )
    tasks: dict[str, TaskID] = {}

    def advance(stage: str, done: int, total: int, remark: str = "") -> None:
        if stage not in tasks:
            # A stage has names in it, which rich would read as markup.
            tasks[stage] = bars.add_task(escape(shown(stage)), remark="")
        task = tasks[stage]
        bars.update(
            task, completed=done, total=total or None, remark=escape(shown(remark))
        )

    with bars:
        yield advance
